"""The pages of migrations: what they show, and what they refuse."""

import pytest

INIT = "20261122120505_init"


def test_the_history_leads_to_each_migration_with_its_sql_and_locks(console) -> None:
    page = console.get("/berceau/migrations")
    links = [each["href"] for each in page.html.select(".line h3 a")]
    assert links[-1] == f"/berceau/migrations/{INIT}"
    found = console.get(links[-1])
    statements = [" ".join(each.text.split()) for each in found.html.select("#up ~ *, .sql")]
    assert any("CREATE TABLE demo_user" in each for each in statements)
    # The tables are new: nobody waits for a lock on them.
    assert found.html.select_one("ol.statements").select(".badge.info") == []
    assert any("DROP TABLE demo_user" in each for each in statements)
    assert found.html.select_one(".crumbs a")["href"] == "/berceau/migrations"


def test_a_migration_that_nobody_knows_is_not_found(console) -> None:
    console.get("/berceau/migrations/20260101000000_nothing", status=404)
    console.get("/berceau/migrations/..%2f..%2fetc%2fpasswd", status=404)


def test_the_next_migration_is_empty_where_nothing_differs(console) -> None:
    page = console.get("/berceau/migrations/new")
    assert "There is nothing to write" in page.text
    assert page.html.main.find("form") is None


@pytest.mark.parametrize("path", ["/apply", f"/{INIT}/undo", "/new"])
@pytest.mark.parametrize(
    ("headers", "with_token", "status"),
    [
        ({"Origin": "http://localhost:6543"}, False, 400),
        ({"Origin": "https://evil.example"}, True, 400),
        ({"Origin": "null"}, True, 400),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, True, 403),
        ({}, True, 403),
    ],
    ids=["no token", "another site", "a sandbox", "a link elsewhere", "no page"],
)
def test_a_change_needs_a_token_and_a_page_of_the_console(
    console, path, headers, with_token, status
) -> None:
    csrf = token_of(console)
    console.extra_environ.pop("HTTP_ORIGIN")
    fields = {"csrf_token": csrf} if with_token else {}
    console.post(f"/berceau/migrations{path}", fields, headers=headers, status=status)


def test_without_the_cookie_nothing_can_be_changed(locked) -> None:
    fields = {"csrf_token": token_of(locked)}
    page = locked.post("/berceau/migrations/apply", fields, status=403)
    assert "The console is locked" in page.text


@pytest.mark.parametrize("last", [INIT, "20990101000000_gone", ""])
def test_nothing_is_undone_that_the_page_did_not_show(console, last: str) -> None:
    fields = {"csrf_token": token_of(console), "last": last}
    page = console.post(f"/berceau/migrations/{INIT}/undo", fields, status=409)
    assert "the last migration that is applied" in page.text


def token_of(app) -> str:
    """Return the token that this browser's forms have."""
    app.set_cookie("csrf_token", "0123456789abcdef" * 2)
    return "0123456789abcdef" * 2
