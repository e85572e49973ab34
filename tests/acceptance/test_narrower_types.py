"""Types that hold less than rows have: refused, unless cutting is allowed."""

import pytest

from berceau.errors import DataLossError, MigrationError

POST = "class Post(db.Entity):\n    title = Required(str)\n    {}\n"
ROWS = "INSERT INTO post (title) VALUES ('One'), ('Two')"

LOSSY = {
    "digits": (
        "n = Required(Decimal, 10, 4)",
        "n = Required(Decimal, 10, 2)",
        "1.2500, 1.2345",
        "1 row",
    ),
    "a time": ("n = Required(float)", "n = Required(int)", "1.5, 2", "1 row"),
    "none here": ("n = Required(float)", "n = Required(int)", "1, 2", "0 rows"),
}


@pytest.mark.parametrize(("before", "after", "values", "rows"), LOSSY.values(), ids=LOSSY)
def test_a_type_that_holds_less_is_refused_unless_allowed(
    migrate, query, before, after, values, rows
) -> None:
    entities = "from decimal import Decimal\n" + POST.format(before)
    migrate(entities)
    query(f"INSERT INTO post (title, n) SELECT 'x', unnest(ARRAY[{values}])")
    after = "from decimal import Decimal\n" + POST.format(after)
    with pytest.raises(DataLossError) as caught:
        migrate(after)
    assert "part of column post.n, as " in caught.value.message
    assert f"({rows} with a value that changes)" in caught.value.message
    assert "--allow-data-loss" in caught.value.cure
    migrate(after, allow_data_loss=True)


def test_strings_are_cut_with_leave_only(migrate, query) -> None:
    migrate(POST.format(""))
    query(ROWS)
    after = POST.format("").replace("title = Required(str)", "title = Required(str, 2)")
    with pytest.raises(MigrationError, match="unless --allow-data-loss cuts them"):
        migrate(after)
    migrate(after, allow_data_loss=True)
    assert query("SELECT title FROM post ORDER BY id") == [("On",), ("Tw",)]
    assert migrate(after).written is None
