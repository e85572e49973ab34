"""A streamed body is made in a unit of its own, and begun before the answer."""

import gc
from collections.abc import Iterator
from io import BytesIO
from typing import Any, Never

import pytest
from pony.orm import OperationalError
from pyramid.request import Request
from pyramid.response import Response

from berceau.errors import DatabaseError
from berceau.orm import db as database
from berceau.orm.provider import BerceauProvider
from berceau.orm.session import run_unit, unit_of_work
from berceau.orm.unit import current_unit
from components.demo.entities import DemoUser
from tests.web.users import add_user, user_count


def names() -> Iterator[bytes]:
    for user in DemoUser.select():
        yield user.name.encode()


class TestBody:
    def test_its_parts_are_made_while_it_is_sent(self, serve_view) -> None:
        def view(_) -> Response:
            add_user()
            return Response(app_iter=(user.name.encode() for user in DemoUser.select()))

        assert serve_view(view).get("/").text == "Ada"
        assert user_count() == 1

    def test_its_length_is_kept(self, serve_view) -> None:
        def view(_) -> Response:
            return Response(app_iter=(part for part in (b"a", b"bc")), content_length=3)

        assert serve_view(view).get("/").content_length == 3

    def test_it_can_t_write(self, serve_view) -> None:
        def parts() -> Iterator[bytes]:
            yield b"first"
            add_user().flush()

        def view(_) -> Response:
            return Response(app_iter=parts())

        with pytest.raises(DatabaseError, match="asked to write"):
            serve_view(view).get("/")
        assert user_count() == 0

    def test_a_visitor_who_leaves_ends_its_unit(self, serve_view) -> None:
        def parts() -> Iterator[bytes]:
            while True:
                yield DemoUser.select().first().name.encode()

        def view(_) -> Response:
            add_user()
            return Response(app_iter=parts())

        body = serve_view(view).app(
            {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "wsgi.url_scheme": "http"}
            | {"SERVER_NAME": "localhost", "SERVER_PORT": "80", "wsgi.input": BytesIO()},
            lambda *_: None,
        )
        assert next(iter(body)) == b"Ada"
        body.close()
        assert current_unit() is None
        assert user_count() == 1


class TestPart:
    """A request inside of a request has a body, too."""

    def serve(self, serve_view, outer) -> Any:
        def view(request) -> Response:
            if "inner" in request.params:
                return Response(app_iter=names())
            add_user()
            inner = Request.blank("/?inner=1")
            return outer(request.invoke_subrequest(inner, use_tweens=True))

        return serve_view(view)

    @pytest.mark.commits
    @pytest.mark.parametrize("outer", [lambda inner: Response(inner.body), lambda inner: inner])
    def test_it_has_what_the_request_wrote(self, serve_view, outer) -> None:
        assert self.serve(serve_view, outer).get("/").text == "Ada"

    @pytest.mark.commits
    def test_one_of_a_script_ends_by_itself(self, serve_view) -> None:
        router = serve_view(lambda _: Response(app_iter=names())).app
        with unit_of_work():
            add_user()
        dropped = router.invoke_subrequest(Request.blank("/"), use_tweens=True)
        with unit_of_work() as unit:
            assert DemoUser.select().count() == 1
            del dropped
            gc.collect()
            assert current_unit() is unit
            assert DemoUser.select().count() == 1
            assert database.provider.pool.source.status.in_use == 1
        assert database.provider.pool.source.status.in_use == 0


class TestFailure:
    """Before its first byte, it is answered as any other request."""

    def stream(self, serve_view, failures, *, writes=False) -> Any:
        """Return an application whose stream fails with one of ``failures`` at each attempt."""

        def parts() -> Iterator[bytes]:
            yield b""
            name = DemoUser.select().first().name
            if failures:
                raise failures.pop(0)
            yield name.encode()

        def view(_) -> Response:
            if writes:
                add_user()
            return Response(app_iter=parts())

        if not writes:
            with unit_of_work():
                add_user()
        return serve_view(view, require_csrf=False)

    def test_it_runs_again(self, serve_view) -> None:
        failures = [OperationalError("it is gone"), OperationalError("again")]
        assert self.stream(serve_view, failures).get("/").text == "Ada"

    @pytest.mark.commits
    def test_a_lost_session_is_answered_in_the_end(self, serve_view, caplog) -> None:
        caplog.set_level("INFO", "berceau.access")

        def parts() -> Iterator[bytes]:
            database.execute("SELECT pg_terminate_backend(pg_backend_pid())")
            yield b"never"

        def view(_) -> Response:
            return Response(app_iter=parts())

        answer = serve_view(view).get("/", status=503)
        assert answer.headers["Retry-After"]
        assert "GET / 503" in caplog.messages[-1]
        assert current_unit() is None

    def test_a_mistake_has_a_page(self, serve_view) -> None:
        page = self.stream(serve_view, [RuntimeError("broken")]).get("/", status=500)
        assert "went wrong" in page

    def test_what_was_saved_is_not_sent_again(self, serve_view) -> None:
        failures = [OperationalError("it is gone")]
        page = self.stream(serve_view, failures, writes=True).post("/", status=500)
        assert "This was saved" in page
        assert "Retry-After" not in page.headers
        assert user_count() == 1

    def test_a_replica_must_have_what_was_saved(self, serve_view, monkeypatch) -> None:
        monkeypatch.setattr(BerceauProvider, "_position", lambda *_: "0/16B3748")
        app = self.stream(serve_view, [RuntimeError("broken")], writes=True)
        app.post("/", status=500)
        assert app.cookies["berceau_position"].strip('"') == "0/16B3748"

    def test_a_letter_is_not_sent_twice(self, serve_view) -> None:
        sent = []

        def parts() -> Iterator[bytes]:
            raise OperationalError("it is gone")
            yield b""

        def view(_) -> Response:
            current_unit().after_commit(lambda: sent.append("letter"))
            return Response(app_iter=parts())

        assert "This was saved" in serve_view(view, require_csrf=False).post("/", status=500)
        assert sent == ["letter"]

    @pytest.mark.commits
    def test_the_thread_may_have_other_units_meanwhile(self, serve_view) -> None:
        def view(request) -> Response:
            request.add_finished_callback(lambda _: run_unit(add_user))
            return Response(app_iter=(f"{DemoUser.select().count()}".encode() for _ in range(2)))

        assert serve_view(view).get("/").text == "00"
        assert user_count() == 1

    @pytest.mark.commits
    def test_it_ends_with_a_request_that_fails_later(self, serve_view) -> None:
        def fail(_) -> Never:
            raise RuntimeError("broken")

        def view(request) -> Response:
            request.add_finished_callback(fail)
            return Response(app_iter=(user.name.encode() for user in DemoUser.select()))

        with unit_of_work():
            add_user()
        with pytest.raises(RuntimeError):
            serve_view(view).get("/")
        assert database.provider.pool.source.status.in_use == 0
