import pytest

from berceau.migration.components import Left, components_of, left_behind
from berceau.migration.header import Header, checksum
from berceau.migration.migration import Migration

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
    assert left_behind({"order": "shop"}, present, generated).component_by_name == left


def test_a_migration_of_several_components_says_whose_its_tables_are() -> None:
    sql = "CREATE TABLE post (\n);\nALTER TABLE post RENAME TO page;"
    header = Header(
        "none", ("blog", "shop"), generated=checksum(sql), creates=("blog.post", "shop.a.b")
    )
    migration = Migration("1", header.to_sql("1") + sql)
    assert migration.header == header
    assert header.components_of("a.b") == ("shop",)
    assert components_of(["post"], {"x": "shop"}, [migration]) == {"post": ("blog",)}
    found = left_behind({"letter": "mail", "x": "shop"}, {"shop", "mail"}, [migration])
    assert found == Left({"page": "blog"}, {"letter"})
