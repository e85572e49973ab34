from dataclasses import replace

import pytest

from berceau.errors import UrlError
from berceau.postgres.core.url import Url
from berceau.postgres.inspect.roles import provision

SECRET = "hunter2"
# Nothing listens here: a refusal comes before any connection.
ADMIN = Url.parse("postgresql://postgres@127.0.0.1:1/postgres")
OWNER = Url.parse("postgresql://owner:hunter2@127.0.0.1:1/shop")
RUNTIME = Url.parse("postgresql://app:hunter2@127.0.0.1:1/shop")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"owner": RUNTIME}, r"owner \('app'\) and the runtime role \('app'\) must be three"),
        ({"admin": OWNER}, "must be three roles"),
        ({"runtime": replace(RUNTIME, user="")}, "names no role"),
        ({"runtime": replace(RUNTIME, database="x")}, "different databases or schemas"),
        ({"runtime": replace(RUNTIME, schema="x")}, "different databases or schemas"),
    ],
)
def test_urls_that_contradict_each_other_are_refused(changes, message) -> None:
    urls = {"admin": ADMIN, "owner": OWNER, "runtime": RUNTIME} | changes
    with pytest.raises(UrlError, match=message) as caught:
        provision(**urls)
    assert SECRET not in str(caught.value)
