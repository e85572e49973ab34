"""What names stand for: rows stay with their attribute and entity, or the command refuses."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from berceau.errors import BerceauError, DataLossError, MigrationError, RenameError
from berceau.postgres.core.connection import connect
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.down import down
from berceau.workflows.deploy.resolve import mark_applied
from berceau.workflows.history.baseline import baseline
from berceau.workflows.history.check import check
from berceau.workflows.history.rebase import rebase
from berceau.workflows.history.squash import squash
from berceau.workflows.shared.cache import SchemaCache
from berceau.workflows.write.migrate import Options
from berceau.workflows.write.migrate import migrate as run_migrate
from tests.conftest import cases


def entities(**attributes: str) -> str:
    """Return entities, as text, by their names and attributes."""
    lines = []
    for name, body in attributes.items():
        name, _, base = name.partition("_")
        lines.append(f"class {name}({base or 'db.Entity'}):")
        lines += [f"    {line.strip()}" for line in (body or "pass").split(";")]
    return "\n".join(lines) + "\n"


def linked(*pairs: str) -> str:
    """Return two entities with the relations of ``pairs``, each an attribute of either."""
    names = [pair.split("/") for pair in pairs]
    return entities(
        Foo=";".join(f"{one} = Set('Bar', reverse='{other}')" for one, other in names),
        Bar=";".join(f"{other} = Set('Foo', reverse='{one}')" for one, other in names),
    )


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


LINKS = "INSERT INTO foo VALUES (1); INSERT INTO bar VALUES (1); INSERT INTO bar_foo VALUES (1, 1);"
PEOPLE = "INSERT INTO person (classtype) VALUES ('Student'), ('Person');"
PERSON = {"Person": "name = Optional(str, nullable=True)"}
BOTH = "bars/foos", "crates/woos"


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


@pytest.fixture
def finding(database, declare, settings) -> Callable[..., str]:
    """Return a function that gives what ``migrate.check`` finds of the entities."""

    def finding(entities: str) -> str:
        found = check(
            database.migration_url,
            declare(entities),
            settings.migrations,
            SchemaCache(settings.cache),
        )
        return "\n".join(each.detail for each in found if each.code == "M001")

    return finding


@cases("case", CASES, quick=5)
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


def test_a_subclass_without_attributes_is_recorded(migrate, settings, finding) -> None:
    migrate(entities(**PERSON, Student_Person=""))
    more = entities(**PERSON, Student_Person="", Teacher_Person="")
    assert "person.classtype.Teacher stands for Teacher" in finding(more)
    outcome = migrate(more)
    assert outcome.statements == ()
    migration = migration_directory.read(settings.migrations)[-1]
    assert "-- Means: subclass person.classtype.Teacher=Teacher\n" in migration.sql
    assert migration.is_generated
    with pytest.raises(MigrationError, match="whose classtype is 'Teacher'"):
        migrate(entities(**PERSON, Student_Person=""))


def test_one_side_of_a_relation_tells_it(migrate, query) -> None:
    migrate(linked("bars/foos"))
    query(LINKS)
    assert migrate(linked("bars/visitors")).statements == ()
    assert migrate(linked("bars/visitors")).written is None
    with pytest.raises(RenameError, match=r"holds Bar\.visitors and Foo\.bars"):
        migrate(linked("pubs/guests"))


def test_links_of_a_relation_that_is_gone_are_counted_before_they_go(migrate, query) -> None:
    migrate(linked("bars/foos"))
    query(LINKS)
    ask = "Renamed, or dropped and added"
    with pytest.raises(RenameError, match=ask):
        migrate(linked("pubs/guests"))
    migrate(linked("pubs/guests"), allow_data_loss=True)
    assert query("SELECT * FROM bar_foo") == []


def test_loss_that_is_allowed_is_no_answer_to_what_is_certain(migrate, query) -> None:
    migrate(linked(*BOTH))
    query(LINKS)
    with pytest.raises(RenameError, match="have another meaning now"):
        migrate(linked(*reversed(BOTH)), allow_data_loss=True)
    assert query("SELECT count(*) FROM bar_foo") == [(1,)]


def test_rows_of_a_subclass_are_not_given_to_one_that_stays(migrate, query) -> None:
    migrate(entities(**PERSON, Student_Person="", Teacher_Person=""))
    query(PEOPLE)
    with pytest.raises(RenameError, match=r"Teacher of person\.classtype has rows") as caught:
        migrate(entities(**PERSON, Teacher_Person=""), renames=["person.classtype.Student=Teacher"])
    assert "--map-value person.classtype.OLD=Teacher" in caught.value.cure


@pytest.mark.slow
@pytest.mark.parametrize("value", ["Pupil", "'", "x y"])
def test_rows_are_not_given_to_what_is_not_declared(migrate, value) -> None:
    migrate(entities(**PERSON, Student_Person="", Teacher_Person=""))
    for options in (
        {"labels": [f"person.classtype.Student={value}"]},
        {"renames": [f"person.classtype.Student={value}"]},
    ):
        with pytest.raises(BerceauError, match="No entity declares the value"):
            migrate(entities(**PERSON, Teacher_Person=""), **options)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        (
            entities(P="a = Optional('P', reverse='b'); b = Optional('P', reverse='a')"),
            entities(P="b = Optional('P', reverse='a'); a = Optional('P', reverse='b')"),
            "reverse='b', column='a'",
        ),
        (
            entities(P="a = Optional('Q', reverse='b')", Q="b = Optional('P', reverse='a')"),
            entities(
                P="_table_ = 'p'; c = Optional('C', reverse='b')",
                C="_table_ = 'q'; b = Optional('P', reverse='c')",
            ),
            None,
        ),
    ],
    ids=["of an entity with itself", "that goes by the name of another"],
)
def test_a_one_to_one_relation_keeps_its_side(before, after, kept, migrate, query) -> None:
    migrate(before)
    query("INSERT INTO p (id, a) SELECT 1, NULL")
    with pytest.raises(MigrationError):
        migrate(after)
    if kept is not None:
        with pytest.raises(RenameError, match="moves to the other side") as caught:
            migrate(after)
        assert "column='a' in P.a" in caught.value.cure
        migrate(after.replace("reverse='b'", kept))
        assert query("SELECT count(*) FROM p") == [(1,)]


@pytest.mark.slow
def test_a_squash_keeps_what_names_stand_for(migrate, settings, database) -> None:
    migrate(linked("bars/foos"))
    migrate(linked(*BOTH))
    squashed = squash(database.migration_url, settings.migrations, "all").migration
    assert squashed.sql.count("-- Means: link") == 2
    with pytest.raises(RenameError, match="have another meaning now"):
        migrate(linked(*reversed(BOTH)))


@pytest.mark.slow
def test_a_baseline_records_what_names_stand_for(
    migrate, settings, database, declare, cache
) -> None:
    migrate(linked(*BOTH))
    for migration in migration_directory.read(settings.migrations):
        shutil.rmtree(settings.migrations / migration.name)
    with connect(database.migration_url) as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM berceau_migration")
    declared = declare(linked(*BOTH))
    baseline(database.migration_url, declared, {}, settings.migrations, "there", cache)
    assert migrate(linked(*BOTH)).written is None
    with pytest.raises(RenameError, match="have another meaning now"):
        migrate(linked(*reversed(BOTH)))


def test_what_two_branches_record_is_all_known(migrate, settings, database) -> None:
    one = migrate(entities(**PERSON, A_Person="")).written
    migrate(entities(**PERSON, A_Person="", B_Person=""), name="ours", create_only=True)
    ours = migration_directory.read(settings.migrations)[-1]
    shutil.rmtree(settings.migrations / ours.name)
    migrate(entities(**PERSON, A_Person="", C_Person=""), name="theirs", create_only=True)
    migration_directory.save(settings.migrations, replace(ours, name="20990101000000_ours"))
    assert ours.header.parent == one
    rebase(database.migration_url, settings.migrations)
    assert migrate(entities(**PERSON, A_Person="", B_Person="", C_Person="")).written is None


def test_migrations_that_record_nothing_are_taken_as_the_entities_say(
    migrate, settings, database, declare, finding
) -> None:
    migration = (
        migration_directory.read(settings.migrations)[0] if migrate(linked(*BOTH)).written else None
    )
    bare = "\n".join(line for line in migration.sql.splitlines() if "Means" not in line) + "\n"
    (settings.migrations / migration.name / "migration.sql").write_text(bare)
    mark_applied(
        database.migration_url, migration_directory.read(settings.migrations), migration.name
    )
    assert not finding(linked(*BOTH))
    said = []
    written = run_migrate(settings, declare(linked(*BOTH)), Options(), said.append)
    assert written.written is not None
    assert written.statements == ()
    assert "no migration records which relations bar_foo, bar_foo_2 hold" in "\n".join(said)
    with pytest.raises(RenameError, match="have another meaning now"):
        migrate(linked(*reversed(BOTH)))


SCHOOL = {"Person": "name = Optional(str, nullable=True)", "Teacher_Person": "room = Optional(int)"}
HIDDEN = {
    "an attribute that another subclass gets": (
        entities(**SCHOOL, Student_Person=""),
        entities(Person=SCHOOL["Person"], Teacher_Person="", Student_Person="room = Optional(int)"),
        "Teacher",
    ),
    "a subclass with another parent": (
        entities(**SCHOOL, Student_Teacher=""),
        entities(**SCHOOL, Student_Person=""),
        "Student",
    ),
    "an attribute of the root that a subclass gets": (
        entities(Person="room = Optional(int)", Teacher_Person="", Student_Person=""),
        entities(Person="", Teacher_Person="room = Optional(int)", Student_Person=""),
        "Student",
    ),
}


@pytest.mark.parametrize(("before", "after", "entity"), HIDDEN.values(), ids=HIDDEN)
def test_what_an_entity_no_longer_has_is_counted(
    before, after, entity, migrate, query, finding
) -> None:
    migrate(before)
    query(f"INSERT INTO person (classtype, room) VALUES ('{entity}', 1)")
    with pytest.raises(DataLossError, match=rf"column person\.room of {entity}.*1 row with a"):
        migrate(after)
    assert f"column person.room of {entity}" in finding(after)
    assert migrate(after, allow_data_loss=True).written is not None
    assert not finding(after)


def test_an_attribute_that_the_root_gets_is_no_loss(migrate) -> None:
    migrate(entities(**SCHOOL, Student_Person=""))
    migrate(
        entities(
            Person="room = Optional(int); " + SCHOOL["Person"], Teacher_Person="", Student_Person=""
        )
    )
