import pytest

from berceau.migration.components import components_of
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
