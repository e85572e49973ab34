"""Each request is one unit of work."""

from threading import Thread
from typing import Never
from uuid import UUID

import pytest
from pony.orm.core import OptimisticCheckError
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response
from pyramid_retry import RetryableException
from webtest import Upload

from berceau.errors import CommitUnknownError, ConflictError
from berceau.orm import db as database
from berceau.orm.provider import BerceauProvider
from berceau.orm.session import run_unit, unit_of_work
from berceau.orm.unit import current_unit
from berceau.postgres.pooling.replica import ReplicaPool
from berceau.settings import Limits
from components.demo.entities import DemoPost, DemoUser
from tests.web.users import add_user, user_count


@pytest.mark.parametrize("status", [200, 204, 303])
def test_success_commits(serve_view, status) -> None:
    def view(_) -> Response:
        add_user()
        return Response(status=status)

    serve_view(view).get("/", status=status)
    assert user_count() == 1


@pytest.mark.parametrize("status", [400, 404, 422, 500, 503])
def test_an_error_response_undoes_everything(serve_view, status) -> None:
    def view(_) -> Response:
        add_user().flush()
        return Response(status=status)

    serve_view(view).get("/", status=status)
    assert user_count() == 0


@pytest.mark.parametrize(
    ("error", "status"), [(RuntimeError("broken"), 500), (HTTPSeeOther("/"), 303)]
)
def test_an_exception_undoes_everything(serve_view, error, status) -> None:
    def view(_) -> Never:
        add_user().flush()
        raise error

    serve_view(view).get("/", status=status)
    assert user_count() == 0


def test_a_failed_commit_is_an_error_page(serve_view, caplog) -> None:
    def view(_) -> Response:
        add_user()
        database.execute("INSERT INTO demo_user (id) VALUES (gen_random_uuid())")  # without a name
        return Response("saved")

    assert "went wrong" in serve_view(view).get("/", status=500)
    assert "demo_user" in caplog.text
    assert user_count() == 0


@pytest.mark.parametrize("known", [True, False])
def test_a_value_that_is_taken_is_a_conflict(serve_view, caplog, known) -> None:
    attempts = []

    def view(_) -> Response:
        attempts.append(None)
        users = DemoUser.select()[:] if known else ()
        add_user(name="Another Ada")  # with the same address
        return Response(f"saved beside {len(users)}")

    with unit_of_work():
        add_user()
    page = serve_view(view).get("/", status=409)
    assert "Another entry has the same value: email." in page
    assert "email" in caplog.messages[-1]
    assert len(attempts) == (1 if known else 2)
    assert user_count() == 1


def test_a_row_that_is_gone_is_a_conflict(serve_view) -> None:
    def view(_) -> Response:
        DemoPost(title="a", content="b", author=UUID(int=0))
        return Response("saved")

    assert "exist any more: author." in serve_view(view).get("/", status=409)


@pytest.mark.commits
def test_a_lost_race_runs_again(serve_view, caplog) -> None:
    found = []

    def view(_) -> Response:
        found.append(DemoUser.get(email="ada@example.org"))
        if found[-1] is None:
            thread = Thread(target=run_unit, args=(add_user,))
            thread.start()
            thread.join()
            add_user(name="Another Ada")
        return Response("there")

    assert serve_view(view).get("/").text == "there"
    assert len(found) == 2
    assert "runs again after attempt 1" in caplog.text
    assert user_count() == 1


@pytest.mark.parametrize("isolation", ["rolled back", pytest.param("", marks=pytest.mark.commits)])
def test_a_part_may_fail_in_a_test_too(serve_view, isolation) -> None:  # noqa: ARG001
    def view(_) -> Response:
        with unit_of_work() as unit, pytest.raises(ConflictError, match="email"), unit.savepoint():
            add_user(name="Another Ada").flush()
        _, is_new = DemoUser.get_or_create(name="Bob", defaults={"email": "bob@example.org"})
        return Response(f"saved: {is_new}")

    with unit_of_work():
        add_user()
    app = serve_view(view)
    assert [app.get("/").text for _ in range(2)] == ["saved: True", "saved: False"]
    assert user_count() == 2


@pytest.mark.parametrize(("sent", "status"), [("a%00", 400), ("a", 500)])
def test_a_text_that_can_t_be_stored_is_whose_mistake_it_is(serve_view, sent, status) -> None:
    def view(request) -> Response:
        return Response(str(DemoUser.exists(name=request.GET["name"].replace("a", "\0"))))

    serve_view(view).get(f"/?name={sent}", status=status)


def test_the_template_is_rendered_inside_of_the_unit(serve_view, tmp_path) -> None:
    template = tmp_path / "users.pt"
    template.write_text("<p>${users.first().name}</p>")
    with unit_of_work():
        add_user()
    app = serve_view(lambda _: {"users": DemoUser.select()}, renderer=str(template))
    assert app.get("/").text == "<p>Ada</p>"


class TestRepetition:
    def test_what_may_succeed_runs_again_with_a_new_request(self, serve_view, caplog) -> None:
        requests = []

        def view(request) -> Response:
            requests.append(request)
            add_user(name=request.POST["name"], email=f"{len(requests)}@example.org").flush()
            if len(requests) < 3:
                raise OptimisticCheckError("somebody else was faster")
            return Response("saved")

        app = serve_view(view, require_csrf=False)
        assert app.post("/", {"name": "Ada"}).text == "saved"
        assert len({id(request) for request in requests}) == 3
        assert user_count() == 1
        assert [line for line in caplog.messages if "attempt" in line] == [
            "POST / runs again after attempt 1: somebody else was faster",
            "POST / runs again after attempt 2: somebody else was faster",
        ]

    @pytest.mark.parametrize("size", [10, 300_000])
    def test_each_attempt_reads_the_body_from_its_begin(self, serve_view, size) -> None:
        read = []

        def view(request) -> Response:
            if request.content_type == "text/plain":
                read.append(len(request.body_file.read()))
            else:
                read.append(len(request.POST["a"].file.read()))
                request.POST["a"].file.close()
            if len(read) < 3:
                raise OptimisticCheckError("somebody else was faster")
            return Response("saved")

        app = serve_view(view, require_csrf=False)
        app.post("/", {"a": Upload("f", b"x" * size)})
        assert read == [size] * 3
        read.clear()
        app.post("/", "x" * size, {"Content-Type": "text/plain"})
        assert read == [size] * 3

    def test_a_view_may_ask_for_another_attempt(self, serve_view, caplog) -> None:
        attempts = []

        def view(_) -> Response:
            attempts.append(None)
            if len(attempts) < 2:
                raise RetryableException("somebody else is busy")
            return Response("saved")

        assert serve_view(view).get("/").text == "saved"
        assert "GET / runs again after attempt 1: somebody else is busy" in caplog.messages

    def test_the_last_failure_has_a_page(self, serve_view, caplog) -> None:
        attempts = []

        def view(_) -> Never:
            attempts.append(None)
            raise OptimisticCheckError("somebody else was faster")

        assert "went wrong" in serve_view(view).get("/", status=500)
        assert len(attempts) == 3
        assert caplog.text.count("Traceback") == 1

    def test_a_mistake_runs_once(self, serve_view) -> None:
        attempts = []

        def view(_) -> Never:
            attempts.append(None)
            raise RuntimeError("broken")

        serve_view(view).get("/", status=500)
        assert len(attempts) == 1


class TestCommitUnknown:
    def test_the_visitor_is_told_and_nothing_runs_again(self, serve_view, monkeypatch) -> None:
        attempts = []

        def lose(*_) -> Never:
            raise CommitUnknownError("nobody knows")

        def view(_) -> Response:
            attempts.append(None)
            add_user()
            return Response("saved")

        monkeypatch.setattr(BerceauProvider, "commit", lose)
        page = serve_view(view).get("/", headers={"Accept": "text/html"}, status=503)
        assert page.html.h1.text == "This may or may not have been saved"
        assert len(attempts) == 1


class TestReplica:
    def test_a_view_reads_after_what_its_visitor_wrote(self, serve_view) -> None:
        units = []

        def view(_) -> Response:
            units.append(current_unit())
            return Response("read")

        app = serve_view(view, replica=True)
        app.get("/")
        app.set_cookie("berceau_position", "0/16B3748")
        app.get("/")
        assert [unit.read_only for unit in units] == [True, True]
        assert [unit.replica_after for unit in units] == ["", "0/16B3748"]

    @pytest.mark.commits
    def test_what_it_does_not_have_yet_is_read_from_the_primary(self, serve_view) -> None:
        """A replica that is behind lacks what a deploy made; so does another schema."""
        at_replica = []

        def view(_) -> Response:
            count = DemoUser.select().count()
            at_replica.append(current_unit().at_replica)
            return Response(f"{count}, read only: {current_unit().read_only}")

        pool = database.provider.pool
        pool.replica = ReplicaPool(pool.source.url.with_schema("pg_catalog"), Limits())
        assert serve_view(view, replica=True).get("/").text == "0, read only: True"
        assert at_replica == [False]
        pool.replica.close()

    def test_a_writer_is_given_the_position(self, serve_view) -> None:
        def view(_) -> Response:
            current_unit().position = "0/16B3748"
            return Response("written")

        app = serve_view(view)
        cookie = app.get("/").headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert app.cookies == {"berceau_position": "0/16B3748"}


def test_the_next_request_starts_afresh(serve_view) -> None:
    def view(request) -> Response:
        add_user(name=request.GET["name"], email=request.GET["name"])
        return Response(status=int(request.GET["status"]))

    app = serve_view(view)
    app.get("/?name=a&status=500", status=500)
    app.get("/?name=b&status=200", status=200)
    assert user_count() == 1
