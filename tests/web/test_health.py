"""The two addresses for those who watch: nothing stands before them, and they ask little."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Never

from berceau.errors import HistoryError
from berceau.web import health
from berceau.web.fitness import Watch
from berceau.web.health import Readiness
from tests.waiting import LONG, SECONDS


def test_the_database_is_asked_once_for_many(serve, running, monkeypatch) -> None:
    monkeypatch.setattr(health, "FRESH", LONG)
    asked = []
    running.look = lambda: asked.append(1)
    app = serve()
    asked.clear()
    assert {app.get("/readyz").text for _ in range(20)} == {"ok\n"}
    assert len(asked) == 1
    monkeypatch.setattr(health, "FRESH", 0)  # a second later
    app.get("/readyz")
    assert len(asked) == 2


def test_a_database_that_never_answers_holds_up_one_only(running) -> None:
    answer = Event()
    running.look = lambda: answer.wait(SECONDS) and None
    readiness = Readiness(Watch(running))
    with ThreadPoolExecutor(1) as first:
        waiting = first.submit(readiness.reason)
        while not readiness._lock.locked():
            pass
        assert readiness.reason() == "the database doesn't answer"
        answer.set()
        assert waiting.result() is None


def test_a_history_that_contradicts_itself_is_not_ready(serve, running, caplog) -> None:
    app = serve()

    def fail() -> Never:
        raise HistoryError("The ledger has more than the files.")

    running.look = fail
    assert "the log says why" in app.get("/readyz", status=503).text
    assert "The ledger has more" in caplog.text


def test_whatever_breaks_there_is_an_answer(serve, running, caplog) -> None:
    app = serve()

    def fail() -> Never:
        raise RuntimeError("unforeseen")

    running.look = fail
    assert "the log says what" in app.get("/readyz", status=503).text
    assert "unforeseen" in caplog.text


def test_no_cookie_is_set_and_no_cache_keeps_the_answer(serve) -> None:
    response = serve().get("/healthz")
    assert "Set-Cookie" not in response.headers
    assert response.headers["Cache-Control"] == "no-store"
    assert response.content_type == "text/plain"


def test_a_visitor_of_a_proxy_finds_nothing(serve) -> None:
    app = serve()
    for path in ("/healthz", "/readyz", "/%72eadyz"):
        assert app.get(path).text == "ok\n"
        for name in ("X-Forwarded-For", "Forwarded"):
            app.get(path, headers={name: "for=192.0.2.7"}, status=404)
