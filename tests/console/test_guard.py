"""Who is let into the console, and the attacks that are refused."""

import pytest

from berceau.console.guard import TOKEN


def test_the_link_lets_a_browser_in_and_leaves_the_token_nowhere_else(locked) -> None:
    answer = locked.get(f"/berceau?token={TOKEN}", status=303)
    assert answer.location == "http://localhost:6543/berceau"
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"berceau_console_6543={TOKEN}; Path=/berceau;")
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    page = locked.get("/berceau")
    assert page.headers["Cache-Control"] == "no-store"
    assert TOKEN not in page.text


@pytest.mark.parametrize("query", ["", "?token=", "?token=guess", "?token=%E2%82%AC", "?token=%00"])
def test_without_the_token_the_page_only_says_how_to_get_in(locked, query) -> None:
    page = locked.get(f"/berceau{query}", status=403)
    assert "Open the link that the server printed" in page.text or "earlier start" in page.text
    assert "demo_post" not in page.text
    assert "Set-Cookie" not in page.headers


def test_a_cookie_of_an_earlier_start_is_none(locked) -> None:
    locked.set_cookie("berceau_console_6543", "x" * len(TOKEN))
    locked.get("/berceau", status=403)


@pytest.mark.parametrize(
    "address", ["192.0.2.7", "::ffff:192.0.2.7", "fe80::1%eth0", "localhost", "", "not an address"]
)
def test_other_machines_are_refused_with_the_token_too(console, address) -> None:
    page = console.get("/berceau", extra_environ={"REMOTE_ADDR": address}, status=403)
    assert "only browsers on the machine" in page.text


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
def test_this_machine_has_several_addresses(console, address) -> None:
    console.get("/berceau", extra_environ={"REMOTE_ADDR": address})


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example:6543", "192.0.2.7:6543"])
def test_another_sites_name_that_leads_here_is_refused(console_app, host) -> None:
    """DNS rebinding: also where the application itself takes any name."""
    app = console_app(hosts=("*",))
    cookies = "; ".join(f"berceau_console_{port}={TOKEN}" for port in (80, 6543))
    page = app.get(
        f"/berceau?token={TOKEN}",
        headers={"Cookie": cookies},
        extra_environ={"HTTP_HOST": host, "HTTP_ORIGIN": f"http://{host}"},
        status=403,
    )
    assert "answers at localhost" in page.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost:3000"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"},
    ],
    ids=str,
)
def test_other_sites_can_neither_read_nor_change_anything(console, headers) -> None:
    page = console.get("/berceau", headers=headers, status=403)
    assert "from its own pages only" in page.text


def test_a_link_on_another_site_may_lead_here(console) -> None:
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    console.extra_environ.pop("HTTP_ORIGIN")
    console.get("/berceau", headers=followed)


def test_the_console_is_off_where_the_ini_file_says_so(console_app) -> None:
    app = console_app(console=False)
    app.get(f"/berceau?token={TOKEN}", status=404)
    assert app.get("/").html.find("a", href="/berceau") is None


def test_the_home_page_leads_to_the_console_without_its_token(locked) -> None:
    page = locked.get("/")
    assert page.html.find("a", href="/berceau")
    assert TOKEN not in page.text
