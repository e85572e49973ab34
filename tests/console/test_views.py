"""What each page of the console keeps to, whoever writes it."""

from uuid import UUID

import pytest
from pony.orm import flush
from pyramid.response import Response

from berceau.console.views import Page


def write(_request) -> Response:
    """Write a row, though the page is only there to be looked at."""
    from components.demo.entities import DemoUser

    DemoUser(name="Ada", email="ada@example.org")
    flush()
    return Response("written")


def includeme(config) -> None:
    config.add_console_view(write, Page("/writes", "rows", None, "GET"))
    config.add_console_view(write, Page("/form", "rows", None, "POST"))


def test_a_page_to_look_at_cant_write(console_app, enter) -> None:
    app = enter(console_app("tests.console.test_views"))
    page = app.get("/berceau/writes", status=500)
    assert "A read-only unit of work was asked to write." in page.text


def test_a_form_can_where_its_token_is_right(console_app, enter) -> None:
    app = enter(console_app("tests.console.test_views"))
    app.set_cookie("csrf_token", "0123456789abcdef" * 2)
    app.post("/berceau/form", {"csrf_token": "f" * 32}, status=400)
    assert app.post("/berceau/form", {"csrf_token": "0123456789abcdef" * 2}).text == "written"


def test_a_page_is_of_a_section_that_there_is(console_app) -> None:
    def includeme(config) -> None:
        config.add_console_view(write, Page("/writes", "nowhere", None, "GET"))

    with pytest.raises(ValueError, match="no section 'nowhere'"):
        console_app(includeme)


def test_what_is_missing_is_said_in_the_frame_of_the_console(console) -> None:
    page = console.get("/berceau/schema/tables/gone", status=404)
    assert page.html.select_one("nav[aria-label=Console] a[aria-current=page]").text.strip() == (
        "Schema"
    )
    assert page.click("To schema").html.h1.text == "Schema"
    page = console.get(f"/berceau/rows/DemoUser/object?key={UUID(int=0)}", status=404)
    assert page.html.main.h1.text == "There is no such DemoUser"
    programs = console.get("/berceau/schema/tables/gone", headers={"Accept": "*/*"}, status=404)
    assert programs.json["status"] == 404


def test_strangers_see_no_frame_of_the_console(locked) -> None:
    page = locked.get("/berceau/schema/tables/gone", status=403)
    assert not page.html.select("nav[aria-label=Console]")
