"""Names of browsers."""

import pytest
from berceau_accounts.browsers import browser_name

MOZILLA = "Mozilla/5.0"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (
            f"{MOZILLA} (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox on Linux",
        ),
        (f"{MOZILLA} (Windows NT 10.0) {WEBKIT} Chrome/138.0 Safari/537.36", "Chrome on Windows"),
        (f"{MOZILLA} (Windows NT 10.0) {WEBKIT} Chrome/138 Safari/537 Edg/138", "Edge on Windows"),
        (f"{MOZILLA} (Linux; Android 15) {WEBKIT} Chrome/138 Mobile Safari/5", "Chrome on Android"),
        (f"{MOZILLA} (iPhone; like Mac OS X) Version/18.5 Mobile Safari/604.1", "Safari on iPhone"),
        ("curl/8.14.1", "curl"),
        ("something else", "something else"),
        ("", "A browser without a name"),
    ],
)
def test_a_browser_has_the_name_that_people_know(header, name) -> None:
    assert browser_name(header) == name
