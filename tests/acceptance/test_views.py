"""Views that no migration knows: they stand aside while a column changes its type, and return."""

import pytest

from berceau.workflows import scripts
from berceau.workflows.deploy import deploy

POST = "class Post(db.Entity):\n    n = Optional(int)\n    s = Optional(str, 9)\n"
WIDER = {
    "a table rewritten": POST.replace("int", "int, size=64"),
    "a type taken as it is": POST.replace("9", "20"),
}
VIEWS = """
INSERT INTO post (n, s) VALUES (1, 'one');
CREATE VIEW numbers AS SELECT n, s FROM post;
CREATE VIEW ones AS SELECT n FROM numbers WHERE n = 1;
COMMENT ON VIEW ones IS 'the ones';
CREATE INDEX by_length ON post (length(s));
"""


@pytest.mark.parametrize("after", WIDER.values(), ids=WIDER)
def test_a_view_that_only_this_database_has_is_no_obstacle(
    migrate, query, settings, database, after
):
    migrate(POST)
    migrate(after, create_only=True)
    query(VIEWS)
    deploy(database.owner, scripts.read(settings.migrations))
    assert query("SELECT n, s FROM numbers NATURAL JOIN ones") == [(1, "one")]
    assert query("SELECT obj_description('ones'::regclass)") == [("the ones",)]
    assert query("SELECT to_regclass('by_length') IS NOT NULL") == [(True,)]
