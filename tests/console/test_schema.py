"""The pages of the schema: all tables, one table, one enum, and what the diagram draws."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from berceau.postgres.core.connection import connect
from berceau.postgres.core.fetch import execute
from berceau.postgres.core.url import Url
from tests.conftest import ROOT


def words(element: Any) -> str:
    return " ".join(element.text.split())


def test_the_list_has_all_tables_by_component(console) -> None:
    page = console.get("/berceau/schema")
    demo = page.html.find(id="group-demo").find_parent("section")
    assert "Posts and their authors" in words(demo)
    assert [each["href"] for each in demo.select("tbody th a")] == [
        "/berceau/schema/tables/demo_post",
        "/berceau/schema/tables/demo_user",
    ]
    assert demo.select_one(".chips a")["href"] == "/berceau/schema/enums/demo_post_status"


def test_the_diagram_has_tables_columns_and_keys(console) -> None:
    found = json.loads(console.get("/berceau/schema/diagram.json").body)
    (key,) = found["keys"]
    assert (key["table"], key["columns"], key["target"], key["target_columns"]) == (
        *("demo_post", ["author"]),
        *("demo_user", ["id"]),
    )
    post = next(each for each in found["tables"] if each["name"] == "demo_post")
    assert (post["group"], post["href"]) == ("demo", "/berceau/schema/tables/demo_post")
    title = next(each for each in post["columns"] if each["name"] == "title")
    assert (title["type"], title["required"], title["key"]) == ("varchar(200)", True, False)
    assert [each["name"] for each in found["groups"]] == ["demo"]


def test_a_table_shows_columns_relations_and_indexes(console) -> None:
    page = console.get("/berceau/schema/tables/demo_post")
    author = words(page.html.find(id="column-author"))
    assert "uuid" in author
    assert "to demo_user.id" in author
    assert "DemoPost.author" in author
    source = next(
        number
        for number, line in enumerate(
            (ROOT / "components/demo/entities.py").read_text().splitlines(), 1
        )
        if line.strip().startswith("author =")
    )
    assert f"line {source}" in author
    main = words(page.html.main)
    assert "A text by one author." in main
    assert "many to one DemoUser.posts is deleted, too" in main
    assert "demo_post_created_at_id_idx" in main
    assert "on delete cascade" in main
    users = words(console.get("/berceau/schema/tables/demo_user").html.main)
    assert "one to many DemoPost.author" in users


def test_an_enum_shows_values_and_where_it_is_used(console) -> None:
    page = console.get("/berceau/schema/enums/demo_post_status")
    assert "PUBLISHED DemoPostStatus.PUBLISHED" in words(page.html.main)
    (used,) = (each for each in page.html.select("main a") if each.text == "demo_post")
    assert used["href"] == "/berceau/schema/tables/demo_post"


@pytest.mark.parametrize(
    "path",
    [
        "tables/gone",
        "enums/gone",
        "tables/demo_post'%20OR%201=1",
        "tables/%3Cscript%3E",
        "enums/%00",
    ],
)
def test_what_is_not_there_is_not_found(console, path) -> None:
    page = console.get(f"/berceau/schema/{path}", status=[400, 404])
    assert "<script>" not in page.text.partition("<main")[2]


NAME = '<script>alert("1")</script>'


@pytest.fixture
def odd_table(berceau_worker) -> Iterator[None]:
    """A table beside the entities', whose names are markup, while the test runs."""
    quoted = '"' + NAME.replace('"', '""') + '"'
    url = Url.parse(berceau_worker.settings.migration_database_url)
    with connect(url, autocommit=True) as connection:
        execute(
            connection,
            f"CREATE TABLE {quoted} (id int PRIMARY KEY, {quoted} int CHECK ({quoted} > 0), "
            "post uuid REFERENCES demo_post)",
        )
        yield
        execute(connection, f"DROP TABLE {quoted}")


@pytest.mark.usefixtures("odd_table")
def test_names_that_are_markup_are_shown_as_text(console) -> None:
    listed = console.get("/berceau/schema")
    assert NAME not in listed.text
    (link,) = (each for each in listed.html.select("tbody a") if each.text == NAME)
    page = console.get(link["href"])
    assert page.html.h1.text == NAME
    assert NAME not in page.text
    assert "no component declares it" in words(page.html.main)
    assert "refers to it by post" not in words(page.html.main)
    drawn = json.loads(console.get("/berceau/schema/diagram.json").body)
    assert NAME in [each["name"] for each in drawn["tables"]]
    assert NAME not in console.get("/berceau/schema/tables/demo_post").text
