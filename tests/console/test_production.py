"""The console in production: off unless asked for, and then for those who have the permission."""

import logging
import re
from typing import Any

import pytest

from berceau.console.guard import TOKEN
from berceau.errors import SettingsError
from berceau.orm import unit_of_work
from components.demo.entities import DemoUser

ELSEWHERE = {"REMOTE_ADDR": "192.0.2.7", "HTTP_HOST": "shop.example.org"}
PRODUCTION: dict[str, Any] = {
    "development": False,
    "hosts": ("shop.example.org",),
    "secret": "7Jq2mXo9vRkT4sLw8ZbN1cYd5HfGa3Ue",
    "allow_ddl": True,
}


@pytest.fixture
def site(console_app) -> Any:
    app = console_app("tests.console.policy", **PRODUCTION)
    app.extra_environ.pop("HTTP_ORIGIN")
    app.extra_environ |= ELSEWHERE
    return app


def test_without_the_setting_it_isnt_there(console_app) -> None:
    app = console_app("tests.console.policy", **PRODUCTION, console=False)
    app.extra_environ.pop("HTTP_ORIGIN")
    for path in ("", f"?token={TOKEN}", "/migrations", "/static/console.css"):
        environ = {**ELSEWHERE, "HTTP_X_USER": "ada"}
        app.get(f"/berceau{path}", extra_environ=environ, status=404)


def test_the_permission_is_needed_and_the_token_is_worth_nothing(site) -> None:
    for user in ("", "bob"):
        page = site.get(f"/berceau?token={TOKEN}", headers={"X-User": user}, status=403)
        assert "demo_post" not in page.text
        assert "Set-Cookie" not in page.headers


def test_who_has_it_may_look_and_is_noted_in_the_log(site, caplog) -> None:
    with caplog.at_level(logging.INFO, "berceau.console"):
        page = site.get("/berceau", headers={"X-User": "ada"})
    assert "read only" in page.text
    assert "demo_post" in page.text
    assert "console: GET /berceau by ada" in caplog.messages


def test_nothing_can_be_changed_whoever_asks(site) -> None:
    csrf = "0123456789abcdef" * 2
    site.set_cookie("csrf_token", csrf)
    headers = {"X-User": "ada", "Origin": "http://shop.example.org"}
    for path in ("apply", "new", "20261122120630_order_of_posts/undo"):
        fields = {"csrf_token": csrf}
        site.post(f"/berceau/migrations/{path}", fields, headers=headers, status=[404, 405])
    pages = ("", "/migrations", "/migrations/20261122120630_order_of_posts")
    for path in pages:
        page = site.get(f"/berceau{path}", headers={"X-User": "ada"})
        assert [each["action"] for each in page.html.find_all("form")] == ["/berceau/search"]


def test_rows_can_only_be_read(site) -> None:
    with unit_of_work():
        key = str(DemoUser(name="Ada", email="ada@example.org").id)
    csrf = "0123456789abcdef" * 2
    site.set_cookie("csrf_token", csrf)
    headers = {"X-User": "ada"}
    for path in ("", "/DemoUser", f"/DemoUser/object?key={key}"):
        page = site.get(f"/berceau/rows{path}", headers=headers)
        assert not page.html.find_all("form", method="post")
        assert not page.html.find_all("a", href=re.compile("/(new|edit|delete)"))
    for path in ("new", f"edit?key={key}", f"delete?key={key}"):
        assert "only reads" in site.get(
            f"/berceau/rows/DemoUser/{path}", headers=headers, status=403
        )
        fields = {"csrf_token": csrf, "f.name": "Eve"}
        sent = {**headers, "Origin": "http://shop.example.org"}
        site.post(f"/berceau/rows/DemoUser/{path}", fields, headers=sent, status=[404, 405])
    site.post(f"/berceau/rows/DemoUser/link?key={key}", fields, headers=sent, status=404)
    with unit_of_work():
        assert DemoUser.get().name == "Ada"


def test_no_page_shows_a_secret(site, berceau_worker) -> None:
    urls = berceau_worker.settings.database_url, berceau_worker.settings.migration_database_url
    passwords = [url.split("://")[1].split("@")[0].split(":")[-1] for url in urls]
    for path in ("", "/migrations", "/search?q=demo"):
        page = site.get(f"/berceau{path}", headers={"X-User": "ada"})
        assert not [each for each in (*passwords, PRODUCTION["secret"]) if each in page.text]


def test_an_application_without_a_policy_doesnt_start(console_app) -> None:
    with pytest.raises(SettingsError, match="no security policy"):
        console_app(**PRODUCTION)
