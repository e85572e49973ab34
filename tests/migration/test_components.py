import pytest

from berceau.migration.components import components_of
from berceau.migration.header import Header, checksum
from berceau.migration.left import Left, Settled, left_behind
from berceau.migration.migration import Migration
from berceau.schema.meaning import Meaning, Role
from berceau.schema.model import Column, Schema, Table

SCRIPTS = (
    Migration("1", "-- Components: blog\n\nCREATE TABLE post (id int);"),
    Migration(
        "2", "-- Components: shop, wiki\n\nCREATE TABLE page ();\nCREATE TYPE colour AS ENUM ();"
    ),
    Migration("3", "-- Components: shop, wiki, zoo\n\nCREATE TABLE zoo_animal ();"),
    Migration("4", "CREATE TABLE by_hand ();"),
)


@pytest.mark.parametrize(
    ("name", "component_by_name", "components"),
    [
        ("post", {"post": "news"}, ("news",)),
        ("post", {}, ("blog",)),
        ("post", {"comment": "blog"}, ("blog",)),
        ("page", {"order": "shop"}, ("wiki",)),
        ("colour", {"order": "shop"}, ("wiki",)),
        ("page", {}, ("shop", "wiki")),
        ("zoo_animal", {}, ("zoo",)),
        ("by_hand", {}, ()),
        ("pag", {}, ()),
        ("unknown", {}, ()),
    ],
)
def test_the_component_of_a_table(name, component_by_name, components) -> None:
    assert components_of([name], component_by_name, SCRIPTS) == {name: components}


def test_what_is_about_several_has_no_component() -> None:
    assert components_of([""], {"post": "blog"}, SCRIPTS) == {"": ()}


@pytest.mark.parametrize(
    ("present", "left"),
    [
        ({"shop", "wiki", "zoo", "blog"}, {}),
        ({"shop", "wiki", "zoo"}, {"post": "blog"}),
        ({"blog", "zoo"}, {"page": "shop or wiki", "colour": "shop or wiki"}),
        ({"blog", "shop", "wiki"}, {"zoo_animal": "zoo"}),
        ({"blog", "wiki", "zoo"}, {}),
    ],
)
def test_what_is_left_of_components_that_are_gone(present, left) -> None:
    generated = [
        Migration(name, Header(components=of, generated=checksum(sql)).to_sql(name) + sql)
        for name, of, sql in (
            ("1", ("blog",), "CREATE TABLE post (\n    id int\n);"),
            ("2", ("shop", "wiki"), "CREATE TABLE page (\n);\nCREATE TYPE colour AS ENUM ();"),
            ("3", ("shop", "wiki", "zoo"), "CREATE TABLE zoo_animal (\n);"),
            ("4", (), "CREATE TABLE nameless (\n);"),
        )
    ]
    declared = Schema(tables=(Table("order", ()),))
    found = left_behind(declared, {"order": "shop"}, present, generated)
    assert found.component_by_name == left


def test_a_migration_of_several_components_says_whose_its_tables_are() -> None:
    sql = "CREATE TABLE post (\n);\nALTER TABLE post RENAME TO page;"
    header = Header(
        "none", ("blog", "shop"), generated=checksum(sql), creates=("blog.post", "shop.a.b")
    )
    migration = Migration("1", header.to_sql("1") + sql)
    assert migration.header == header
    assert header.components_of("a.b") == ("shop",)
    assert components_of(["post"], {"x": "shop"}, [migration]) == {"post": ("blog",)}
    declared = Schema(tables=(Table("letter", ()), Table("x", ())))
    found = left_behind(declared, {"letter": "mail", "x": "shop"}, {"shop", "mail"}, [migration])
    assert found == Left({"page": "blog"}, newcomers={"letter"})


PERSON = Table("person", (Column("id", "integer"), Column("classtype", "text")))
MANAGER = ("person", "classtype", "Manager")


def shared(*components: str, creates: tuple[str, ...] = ()) -> Migration:
    """Return a migration of a table for a person and a manager, with a column of its own."""
    sql = "CREATE TABLE person (\n);"
    means = (
        Meaning(Role.SUBCLASS, ("person", "classtype", "Person"), "Person"),
        Meaning(Role.SUBCLASS, MANAGER, "Manager"),
        Meaning(Role.HELD, ("person", "level", "Manager"), "Manager"),
    )
    header = Header("none", components, generated=checksum(sql), creates=creates, means=means)
    return Migration("1", header.to_sql("1") + sql)


@pytest.mark.parametrize(
    ("migration", "is_left"),
    [
        (shared("people", "staff", creates=("people.person", f"staff.{'.'.join(MANAGER)}")), True),
        (shared("people", "staff", creates=("people.person",)), False),
        (shared("people", "staff", creates=("staff.person",)), True),  # as headers once said
        (shared("people", "staff"), False),
        (shared("staff"), True),
    ],
)
def test_what_is_left_of_a_subclass_in_a_table_of_another_component(migration, is_left) -> None:
    declared = Schema(tables=(PERSON,))
    found = left_behind(declared, {"person": "people"}, {"people"}, [migration])
    assert found.subclasses == ({MANAGER: "staff"} if is_left else {})
    assert found.columns == ({("person", "level"): "staff"} if is_left else {})
    assert not found.component_by_name


def test_the_root_of_a_discriminator_that_is_left_stays_with_it() -> None:
    declared = Schema(tables=(Table("person", PERSON.columns[:1]),))
    found = left_behind(declared, {"person": "people"}, {"people"}, [shared("staff")])
    assert {*found.columns} == {("person", "classtype"), ("person", "level")}
    assert found.over(declared).meanings == shared("staff").header.means


def test_a_subclass_that_may_only_have_another_name_is_not_left() -> None:
    chief = Meaning(Role.SUBCLASS, ("person", "classtype", "Chief"), "Chief")
    level = Meaning(Role.HELD, ("person", "level", "Chief"), "Chief")
    declared = Schema(tables=(PERSON,), meanings=(chief, level))
    owners = {"person": "people", "person.classtype.Chief": "leaders"}
    present = {"people", "leaders"}
    migrations = [shared("people", "staff", creates=("staff.person",))]
    assert not left_behind(declared, owners, present, migrations).subclasses
    other = Schema(tables=(PERSON,), meanings=(chief,))
    assert left_behind(other, owners, present, migrations).subclasses
    owners["person.classtype.Chief"] = "people"
    assert left_behind(declared, owners, present, migrations).subclasses


def test_a_column_that_was_left_and_is_declared_by_another_is_taken() -> None:
    level = Column("level", "text")
    declared = Schema(tables=(Table("person", (*PERSON.columns, level)),))
    migrations = [shared("people", "staff", creates=("staff.person",))]
    found = left_behind(declared, {"person": "people"}, {"people"}, migrations)
    assert found.taken == {("person", "level"): "staff"}
    boss = Meaning(Role.HELD, ("person", "level", "Boss"), "Boss")
    migrations.append(Migration("2", Header("1", ("people",), means=(boss,)).to_sql("2")))
    assert not left_behind(declared, {"person": "people"}, {"people"}, migrations).taken


def test_a_subclass_that_somebody_decided_about_is_not_left() -> None:
    declared, path = Schema(tables=(PERSON,)), ".".join(MANAGER)
    migrations = [shared("people", "staff", creates=("staff.person",))]
    for settled in (Settled({path}), Settled(components=["staff"])):
        assert (
            left_behind(declared, {"person": "people"}, {"people"}, migrations, settled) == Left()
        )
