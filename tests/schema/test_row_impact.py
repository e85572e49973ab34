"""What changes do to rows: which tables they touch, which values decide, which stay."""

from berceau.schema.changes import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterEnum,
    Backfill,
    Change,
    CreateIndex,
    DeleteRows,
    DropColumn,
    RebuildEnum,
    Recode,
    Use,
)
from berceau.schema.choices import Choices
from berceau.schema.model import Check, Column, Enum, ForeignKey, Index, Schema, Table
from berceau.schema.renaming import RenameLabel
from berceau.schema.row_impact import demanding, judged, looked_up, not_undone, touched, unchanged

MOOD = Enum("mood", ("GOOD", "BAD"))
TITLE, FEELING = Column("title", "text"), Column("feeling", "mood")
POST = Table("post", (Column("id", "integer", True), TITLE, FEELING))
NOTE = Table(
    "note",
    (Column("post", "integer"), Column("moods", "mood[]")),
    foreign_keys=(ForeignKey("note_post_fkey", ("post",), "post", ("id",), "CASCADE"),),
)
SCHEMA = Schema((MOOD,), (NOTE, POST))
NONE = Choices()
REQUIRED = AddColumn("post", Column("size", "integer", True))
FEWER = Enum("mood", ("GOOD",))


def test_a_change_touches_its_table_and_that_of_an_enum_all_that_hold_it() -> None:
    assert touched([DropColumn("post", TITLE)], SCHEMA) == {"post"}
    assert touched([AlterEnum(MOOD, FEWER)], SCHEMA) == {"note", "post"}
    assert touched([RebuildEnum(MOOD, FEWER, MOOD, (Use("post", FEELING, None),))], SCHEMA) == {
        "post"
    }


def test_what_is_not_in_the_schema_is_not_touched() -> None:
    assert touched([DropColumn("new", TITLE)], SCHEMA) == set()


def decides(change: Change, choices: Choices = NONE) -> bool:
    return judged([change], SCHEMA, choices) != set()


def test_values_decide_where_rows_may_not_fit() -> None:
    longer = Column("title", "character varying(5)")
    assert decides(AddConstraint("post", Check("c", "(title <> '')")))
    assert decides(CreateIndex("post", Index("i", ("title",), unique=True)))
    assert decides(AlterColumn("post", TITLE, Column("title", "text", True)))
    assert decides(AlterColumn("post", TITLE, longer))
    assert decides(AlterEnum(MOOD, FEWER))
    assert decides(REQUIRED, Choices(backfills={("post", "size"): "length(title)"}))


def test_values_decide_nothing_where_all_rows_fit() -> None:
    assert not decides(CreateIndex("post", Index("i", ("title",))))
    assert not decides(AlterColumn("post", Column("title", "text", True), TITLE))
    assert not decides(AlterEnum(FEWER, MOOD))
    assert not decides(REQUIRED)


def test_a_required_column_demands_a_table_without_rows_unless_there_is_a_value() -> None:
    assert demanding([REQUIRED], SCHEMA, NONE) == {"post"}
    assert demanding([REQUIRED], SCHEMA, Choices(empties={("post", "size"): "0"})) == set()
    for column in (
        Column("size", "integer"),
        Column("size", "integer", True, "0"),
        Column("size", "integer", True, identity=True),
    ):
        assert demanding([AddColumn("post", column)], SCHEMA, NONE) == set()


def test_given_sql_may_look_up_tables_and_enums() -> None:
    given = Choices(
        backfills={("post", "size"): "(SELECT count(*) FROM note)"},
        usings={("post", "feeling"): "feeling::text::mood"},
    )
    assert looked_up(SCHEMA, given) == {"note", "mood"}
    assert looked_up(SCHEMA, NONE) == set()


def kept(*changes: Change, after: Schema = SCHEMA) -> dict[str, list[str]]:
    return unchanged(changes, SCHEMA, after)


def test_all_values_stay_that_no_change_is_about() -> None:
    assert kept() == {"note": ["post", "moods"], "post": ["id", "title", "feeling"]}


def test_values_that_are_written_or_converted_may_change() -> None:
    assert kept(Backfill("post", "title", "''"))["post"] == ["id", "feeling"]
    assert kept(Recode("post", "title", (("a", "b"),)))["post"] == ["id", "feeling"]
    assert kept(RenameLabel("mood", "BAD", "SAD")) == {"note": ["post"], "post": ["id", "title"]}
    retyped = Table("post", (Column("id", "bigint", True), TITLE, FEELING))
    assert kept(after=Schema((MOOD,), (NOTE, retyped)))["post"] == ["title", "feeling"]
    computed = Table("post", (Column("title", "text", generated="('a') STORED"),))
    assert kept(after=Schema((MOOD,), (NOTE, computed))).keys() == {"note"}


def test_a_rebuilt_enum_changes_values_only_by_its_mapping() -> None:
    use = Use("post", FEELING, None)
    assert "feeling" in kept(RebuildEnum(MOOD, FEWER, MOOD, (use,)))["post"]
    mapped = RebuildEnum(MOOD, FEWER, MOOD, (use,), (("BAD", "GOOD"),))
    assert "feeling" not in kept(mapped)["post"]


def test_rows_that_are_deleted_take_those_with_them_that_refer_to_them() -> None:
    assert kept(DeleteRows("post", "title", "'x'")) == {}
    assert kept(DeleteRows("note", "moods", "'x'")).keys() == {"post"}


def test_what_the_way_back_cannot_do_is_listed() -> None:
    number = Column("title", "integer")
    lossy = AlterColumn("post", TITLE, number, using="length(title)")
    assert list(not_undone([lossy])) == [
        "Undoing converts the values that post.title has at that time to text. It can't restore "
        "the old ones."
    ]
    assert list(not_undone([AlterColumn("post", TITLE, number, "length(title)", exact=True)])) == []
    assert list(not_undone([DeleteRows("post", "title", "'x'")])) == [
        "Rows of post that held 'x' in title are gone."
    ]
    assert list(not_undone([Recode("post", "title", (("a", "b"), ("c", "d")), ("a",))])) == [
        "Rows of post that held a in title keep b."
    ]
    assert list(not_undone([Backfill("post", "title", "''")])) == [
        "Rows that were given a value for post.title keep it, if it stays."
    ]


def test_a_label_that_came_prevents_the_undoing_and_one_that_others_took_stays() -> None:
    more = Enum("mood", ("GOOD", "BAD", "NEW"))
    assert list(not_undone([AlterEnum(MOOD, more)])) == [
        "Rows that hold 'NEW' of mood prevent the undoing: give them another label first."
    ]
    merged = RebuildEnum(MOOD, FEWER, MOOD, (), (("BAD", "GOOD"),))
    assert list(not_undone([merged])) == ["Rows that held 'BAD' of mood keep 'GOOD'."]
    swapped = RebuildEnum(MOOD, Enum("mood", ("GOOD", "SAD")), MOOD, (), (("BAD", "SAD"),))
    assert list(not_undone([swapped])) == []
