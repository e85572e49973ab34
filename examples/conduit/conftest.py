"""What the tests of all components use: clients of the API, and requests at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from argon2 import PasswordHasher

from components.users import service

PHRASE = "correct horse"
AT_ONCE = 8


@dataclass(frozen=True)
class Client:
    """Sends requests to the API, for a user or for nobody."""

    app: Any
    username: str = ""
    token: str = ""

    def request(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        """Return what the API answers, as JSON; fail if the status is another one."""
        headers = {"Authorization": f"Token {self.token}"} if self.token else {}
        send = getattr(self.app, f"{method}_json" if body is not None else method)
        given = (body,) if body is not None else ()
        answer = send(f"/api{path}", *given, headers=headers, status=status)
        return answer.json if answer.body else None

    def get(self, path: str, status: int = 200) -> Any:
        """Read."""
        return self.request("get", path, None, status)

    def post(self, path: str, body: Any = None, status: int = 200) -> Any:
        """Write."""
        return self.request("post", path, body, status)

    def put(self, path: str, body: Any, status: int = 200) -> Any:
        """Change."""
        return self.request("put", path, body, status)

    def delete(self, path: str, status: int = 200) -> Any:
        """Delete."""
        return self.request("delete", path, None, status)

    def publish(self, title: str, **more: Any) -> Any:
        """Publish an article with a body and a description."""
        article = {"title": title, "description": "About it", "body": "All of it", **more}
        return self.post("/articles", {"article": article}, status=201)["article"]


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords with less work, or tests take most of their time for it."""
    monkeypatch.setattr(service, "hasher", PasswordHasher(1, 8, 1))
    service._unknown.cache_clear()


@pytest.fixture
def visitor(app: Any) -> Client:
    """Return a client of nobody."""
    return Client(app)


@pytest.fixture
def sign_up(app: Any) -> Callable[[str], Client]:
    """Return a function that signs up a user and returns their client."""

    def sign_up(username: str) -> Client:
        user = {"username": username, "email": f"{username}@example.org", "password": PHRASE}
        answer = Client(app).post("/users", {"user": user}, status=201)
        return Client(app, username, answer["user"]["token"])

    return sign_up


@pytest.fixture
def ada(sign_up: Callable[[str], Client]) -> Client:
    """Return a client of Ada."""
    return sign_up("ada")


@pytest.fixture
def grace(sign_up: Callable[[str], Client]) -> Client:
    """Return a client of Grace."""
    return sign_up("grace")


@pytest.fixture
def signed_in(app: Any) -> Callable[[str], Any]:
    """Return a function that signs a user up in the browser, and returns the first page."""

    def signed_in(username: str) -> Any:
        app.reset()
        form = app.get("/sign-up").form
        form["username"], form["email"] = username, f"{username}@example.org"
        form["password"] = PHRASE
        return form.submit().follow()

    return signed_in


@pytest.fixture
def at_once(app: Any) -> Callable[..., list[int]]:
    """Return a function that sends equal requests at once, and returns their statuses, sorted."""

    def at_once(method: str, path: str, body: Any = None, token: str = "") -> list[int]:
        headers = {"Authorization": f"Token {token}"} if token else {}

        def send(_number: int) -> int:
            send = getattr(app, f"{method}_json" if body is not None else method)
            given = (body,) if body is not None else ()
            answer = send(f"/api{path}", *given, headers=headers, expect_errors=True)
            return int(answer.status_int)

        with ThreadPoolExecutor(AT_ONCE) as threads:
            return sorted(threads.map(send, range(AT_ONCE)))

    return at_once
