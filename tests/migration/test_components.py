from dataclasses import fields
from typing import get_args

import pytest

from berceau.migration.components import components_of, subject
from berceau.migration.migration import Migration
from berceau.schema.changes import Change, Restore, SetAside

SCRIPTS = (
    Migration("1", "-- Components: blog\n\nCREATE TABLE post (id int);"),
    Migration(
        "2", "-- Components: shop, wiki\n\nCREATE TABLE page ();\nCREATE TYPE colour AS ENUM ();"
    ),
    Migration("3", "-- Components: shop, wiki, zoo\n\nCREATE TABLE zoo_animal ();"),
    Migration("4", "CREATE TABLE by_hand ();"),
)


@pytest.mark.parametrize(
    ("name", "owners", "components"),
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
def test_the_component_of_a_table(name, owners, components) -> None:
    assert components_of([name], owners, SCRIPTS) == {name: components}


HELPERS = {SetAside, Restore}
"""Changes that stand around those of the tables and enums that they are about."""


@pytest.mark.parametrize("change", get_args(Change), ids=lambda change: change.__name__)
def test_every_change_is_about_something(change) -> None:
    names = {field.name for field in fields(change)}
    assert bool(names & {"table", "enum", "after"}) != (change in HELPERS)


def test_a_helper_is_about_nothing() -> None:
    assert subject(SetAside((("post", "status"),))) == subject(Restore()) == ""
    assert components_of([""], {"post": "blog"}, SCRIPTS) == {"": ()}
