"""What names stand for: rows stay with their attribute and entity, or the command refuses."""

from dataclasses import dataclass, field

import pytest

from berceau.errors import MigrationError
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.down import down
from tests.acceptance.entities import BOTH, LINKS, PERSON, entities, linked
from tests.conftest import cases


def follows(attribute: str) -> str:
    return entities(
        P=f"{attribute} = Set('P', reverse='liked'); liked = Set('P', reverse='{attribute}')"
    )


def kinds(root: object, a: object, b: object) -> str:
    return entities(
        Person=f"kind = Discriminator(int); _discriminator_ = {root}",
        A_Person=f"_discriminator_ = {a}",
        B_Person=f"_discriminator_ = {b}",
    )


def state(on: str, off: str, *, swapped: bool = False) -> str:
    members = [f"    ON = {on!r}", f"    OFF = {off!r}"]
    lines = ["class State(enum.StrEnum):", *(reversed(members) if swapped else members)]
    return "\n".join(lines) + "\n" + entities(Lamp="state = Required(State)")


def composite(key: str, columns: str) -> str:
    return entities(
        Item=f"a = Required(int); b = Required(int); PrimaryKey({key}); lines = Set('Line')",
        Line=f"item = Required(Item, columns={columns})",
    )


PEOPLE = "INSERT INTO person (classtype) VALUES ('Student'), ('Person');"


@dataclass
class Case:
    """Entities before and after, rows, what the refusal says, and the options that settle it.

    ``gives`` is a query and what it answers by then.
    """

    before: str
    after: str
    rows: str
    says: str
    options: dict[str, list[str]]
    gives: dict[str, str] = field(default_factory=dict)


CASES = {
    "relations in another order": Case(
        linked(*BOTH),
        linked(*reversed(BOTH)),
        LINKS,
        r"bar_foo holds Bar.foos and Foo.bars, whose table is bar_foo_2 now \(1 row\)",
        {"renames": ["bar_foo=bar_foo_2", "bar_foo_2=bar_foo"]},
        {"SELECT count(*) FROM bar_foo_2": "1", "SELECT count(*) FROM bar_foo": "0"},
    ),
    "a relation above the first": Case(
        linked("bars/foos"),
        linked(*reversed(BOTH)),
        LINKS,
        r"bar_foo holds Bar.foos and Foo.bars, whose table is bar_foo_2 now \(1 row\)",
        {"renames": ["bar_foo=bar_foo_2"]},
        {"SELECT count(*) FROM bar_foo_2": "1", "SELECT count(*) FROM bar_foo": "0"},
    ),
    "a relation that is renamed on both sides": Case(
        linked("bars/foos"),
        linked("pubs/guests"),
        LINKS,
        r"bar_foo holds Bar.foos and Foo.bars, which no entity declares now \(1 row\): "
        "--rename Bar.foos=guests",
        {"renames": ["Foo.bars=pubs"]},
        {"SELECT count(*) FROM bar_foo": "1"},
    ),
    "one of two relations, which goes": Case(
        linked(*BOTH),
        linked("crates/woos"),
        LINKS + "INSERT INTO foo VALUES (2); INSERT INTO bar_foo_2 VALUES (1, 2);",
        "bar_foo_2 holds Bar.woos and Foo.crates, whose table is bar_foo now",
        {"renames": ["bar_foo_2=bar_foo"], "allow_data_loss": True},
        {"SELECT foo FROM bar_foo": "2"},
    ),
    "relations that exchange a side": Case(
        linked(*BOTH),
        linked("bars/woos", "crates/foos"),
        LINKS,
        r"bar_foo holds Bar.foos and Foo.bars, which no entity declares now",
        {"renames": ["Foo.bars=crates", "Foo.crates=bars"]},
        {"SELECT count(*) FROM bar_foo_2": "1"},
    ),
    "tables of relations by name, exchanged": Case(
        linked(*BOTH)
        .replace("='foos'", "='foos', table='x'")
        .replace("='woos'", "='woos', table='y'"),
        linked(*BOTH)
        .replace("='foos'", "='foos', table='y'")
        .replace("='woos'", "='woos', table='x'"),
        LINKS.replace("bar_foo", "x"),
        "x holds Bar.foos and Foo.bars, whose table is y now",
        {"renames": ["x=y", "y=x"]},
        {"SELECT count(*) FROM y": "1"},
    ),
    "columns of a relation by name, exchanged": Case(
        linked("bars/foos")
        .replace("='foos'", "='foos', column='x'")
        .replace("='bars'", "='bars', column='y'"),
        linked("bars/foos")
        .replace("='foos'", "='foos', column='y'")
        .replace("='bars'", "='bars', column='x'"),
        "INSERT INTO foo VALUES (1); INSERT INTO bar VALUES (2);"
        "INSERT INTO bar_foo (x, y) VALUES (2, 1);",
        "bar_foo.x holds Foo.bars, which bar_foo.y does now",
        {"renames": ["bar_foo.x=y", "bar_foo.y=x"]},
        {"SELECT x FROM bar_foo": "1", "SELECT y FROM bar_foo": "2"},
    ),
    "a side that comes before the other by its new name": Case(
        follows("likes"),
        follows("admires"),
        "INSERT INTO p VALUES (1), (2); INSERT INTO p_p (p, p_2) VALUES (1, 2);",
        "p_p.p holds P.liked, which p_p.p_2 does now",
        {"renames": ["p_p.p=p_2", "p_p.p_2=p"]},
        {"SELECT p FROM p_p": "2"},
    ),
    "a relation with an entity that is renamed": Case(
        linked(*BOTH).replace("Foo(db.Entity):", "Foo(db.Entity):\n    n = Optional(int)"),
        linked(*reversed(BOTH))
        .replace("Foo", "Zoo")
        .replace("Zoo(db.Entity):", "Zoo(db.Entity):\n    n = Optional(int)"),
        LINKS,
        "table foo: --rename foo=zoo",
        {
            "renames": [
                "foo=zoo",
                "bar_foo=bar_zoo_2",
                "bar_foo_2=bar_zoo",
                "bar_foo.foo=zoo",
                "bar_foo_2.foo=zoo",
            ]
        },
        {"SELECT count(*) FROM bar_zoo_2": "1"},
    ),
    "a subclass that is renamed": Case(
        entities(**PERSON, Student_Person=""),
        entities(**PERSON, Pupil_Person=""),
        PEOPLE,
        r"classtype = 'Student' are Student, which is gone \(1 row\): "
        r"--rename person\.classtype\.Student=Pupil",
        {"renames": ["person.classtype.Student=Pupil"]},
        {"SELECT count(*) FROM person WHERE classtype = 'Pupil'": "1"},
    ),
    "a subclass that goes": Case(
        entities(**PERSON, Student_Person="", Teacher_Person=""),
        entities(**PERSON, Teacher_Person=""),
        PEOPLE,
        r"whose classtype is 'Student' \(1 row here\) have no entity any more",
        {"labels": ["person.classtype.Student=Person"]},
        {"SELECT count(*) FROM person WHERE classtype = 'Person'": "2"},
    ),
    "a subclass that goes without rows here": Case(
        entities(**PERSON, Student_Person="", Teacher_Person=""),
        entities(**PERSON, Teacher_Person=""),
        "",
        r"whose classtype is 'Student' \(0 rows here\) have no entity any more",
        {"allow_data_loss": True},
    ),
    "the last subclass, which goes": Case(
        entities(**PERSON, Student_Person=""),
        entities(**PERSON),
        PEOPLE,
        r"whose classtype is 'Student' \(1 row here\)",
        {"labels": ["person.classtype.Student=Person"], "allow_data_loss": True},
        {"SELECT count(*) FROM person": "2"},
    ),
    "a subclass that becomes a root": Case(
        entities(**PERSON, Student_Person="", Teacher_Person=""),
        entities(**PERSON, Student="", Teacher_Person=""),
        PEOPLE,
        r"whose classtype is 'Student' \(1 row here\)",
        {"allow_data_loss": True},
        {"SELECT count(*) FROM person": "1"},
    ),
    "a subclass that moves to another root": Case(
        entities(**PERSON, Student_Person="", Teacher_Person="", Dog="", Puppy_Dog=""),
        entities(**PERSON, Teacher_Person="", Dog="", Puppy_Dog="", Student_Dog=""),
        PEOPLE,
        r"The rows of person whose classtype is 'Student' \(1 row here\)",
        {"labels": ["person.classtype.Student=Teacher"]},
        {"SELECT count(*) FROM person WHERE classtype = 'Teacher'": "1"},
    ),
    "values of subclasses, exchanged": Case(
        kinds(1, 2, 3),
        kinds(1, 3, 2),
        "INSERT INTO person (kind) VALUES (1), (2), (2), (3);",
        r"kind = '2' are A, which is 3 now \(2 rows\): --rename person\.kind\.2=3",
        {"renames": ["person.kind.2=3", "person.kind.3=2"]},
        {"SELECT string_agg(kind::text, '' ORDER BY kind) FROM person": "1233"},
    ),
    "values that go round with the root's": Case(
        kinds(1, 2, 3),
        kinds(3, 1, 2),
        "INSERT INTO person (kind) VALUES (1), (2), (2), (3), (3), (3);",
        r"--rename person\.kind\.2=1",
        {"renames": ["person.kind.2=1", "person.kind.3=2"]},
        {"SELECT string_agg(kind::text, '' ORDER BY kind) FROM person": "112223"},
    ),
    "tables by name, exchanged": Case(
        entities(A="_table_ = 'x'", B="_table_ = 'y'"),
        entities(A="_table_ = 'y'", B="_table_ = 'x'"),
        "INSERT INTO x VALUES (1);",
        r"x is A, which is y now \(1 row\): --rename x=y",
        {"renames": ["x=y", "y=x"]},
        {"SELECT id FROM y": "1"},
    ),
    "tables by name that was usual, exchanged": Case(
        entities(A="", B=""),
        entities(A="_table_ = 'b'", B="_table_ = 'a'"),
        "INSERT INTO a VALUES (1);",
        r"a is A, which is b now \(1 row\)",
        {"renames": ["a=b", "b=a"]},
        {"SELECT id FROM b": "1"},
    ),
    "columns by name, exchanged": Case(
        entities(A="m = Optional(int, column='x'); n = Optional(int, column='y')"),
        entities(A="m = Optional(int, column='y'); n = Optional(int, column='x')"),
        "INSERT INTO a (x, y) VALUES (1, 2);",
        r"a.x is A.m, which is a.y now \(1 row\): --rename a.x=y",
        {"renames": ["a.x=y", "a.y=x"]},
        {"SELECT y FROM a": "1"},
    ),
    "a column by the name of one that goes": Case(
        entities(A="m = Optional(int, column='x'); n = Optional(int, column='y')"),
        entities(A="m = Optional(int, column='y')"),
        "INSERT INTO a (x, y) VALUES (1, 2);",
        r"a.x is A.m, which is a.y now \(1 row\): --rename a.x=y",
        {"renames": ["a.x=y"], "allow_data_loss": True},
        {"SELECT y FROM a": "1"},
    ),
    "columns of a key in another order": Case(
        composite("a, b", ["x", "y"]),
        composite("b, a", ["x", "y"]),
        "INSERT INTO item VALUES (1, 2), (2, 1); INSERT INTO line (x, y) VALUES (1, 2);",
        "line.x is Line.item-a, which is line.y now",
        {"renames": ["line.x=y", "line.y=x"]},
        {"SELECT y FROM line": "1"},
    ),
    "values of an enum's members, exchanged": Case(
        state("a", "b"),
        state("b", "a"),
        "INSERT INTO lamp (state) VALUES ('a');",
        "state.a is State.ON, which is state.b now",
        {"renames": ["state.a=b", "state.b=a"]},
        {"SELECT state::text FROM lamp": "b"},
    ),
    "members of an enum that exchange their values and places": Case(
        state("on", "off"),
        state("off", "on", swapped=True),
        "INSERT INTO lamp (state) VALUES ('on');",
        "state.on is State.ON, which is state.off now",
        {"renames": ["state.on=off", "state.off=on"]},
        {"SELECT state::text FROM lamp": "off"},
    ),
}


@cases("case", CASES, quick=2)
def test_what_rows_stand_for_is_asked_and_kept(
    case, migrate, query, settings, database, finding
) -> None:
    migrate(case.before)
    assert not finding(case.before)
    if case.rows:
        query(case.rows)
    with pytest.raises(MigrationError, match=case.says):
        migrate(case.after)
    assert finding(case.after)
    written = migrate(case.after, **case.options).written
    assert written is not None
    for sql, value in case.gives.items():
        assert [(value,)] == [(str(each),) for (each,) in query(sql)]
    assert not finding(case.after)
    assert migrate(case.after).written is None
    down(
        database.migration_url, migration_directory.read(settings.migrations), allow_data_loss=True
    )


UNCHANGED = {
    "attributes that lead to the same entity, in another order": (
        entities(
            Foo="a = Set('Bar', reverse='x'); b = Set('Bar', reverse='y')",
            Bar="x = Optional(Foo, reverse='a'); y = Optional(Foo, reverse='b')",
        ),
        entities(
            Foo="b = Set('Bar', reverse='y'); a = Set('Bar', reverse='x')",
            Bar="y = Optional(Foo, reverse='b'); x = Optional(Foo, reverse='a')",
        ),
    ),
    "one relation": (linked("bars/foos"), linked("bars/foos").replace("Foo=", "Foo =")),
    "symmetric relations in another order": (
        entities(P="a = Set('P', reverse='a'); b = Set('P', reverse='b')"),
        entities(P="b = Set('P', reverse='b'); a = Set('P', reverse='a')"),
    ),
    "subclasses in another order": (
        entities(**PERSON, A_Person="", B_Person=""),
        entities(**PERSON, B_Person="", A_Person=""),
    ),
}


@pytest.mark.parametrize(("before", "after"), UNCHANGED.values(), ids=UNCHANGED)
def test_an_order_that_means_nothing_changes_nothing(before, after, migrate) -> None:
    migrate(before)
    assert migrate(after).written is None
