"""What a unit of a request does after its commit, and what its answer waits for."""

from typing import Never

import pytest
from pony.orm.core import OptimisticCheckError
from pyramid.response import Response

from berceau.orm.session import unit_of_work
from tests.web.users import add_user, user_count


class TestAfterCommit:
    @pytest.mark.parametrize(
        "isolation", ["rolled back", pytest.param("", marks=pytest.mark.commits)]
    )
    def test_it_runs_before_the_answer_and_sees_what_was_kept(self, serve_view, isolation) -> None:  # noqa: ARG002
        found = []

        def view(_) -> Response:
            with unit_of_work() as unit:
                add_user()
                unit.after_commit(lambda: found.append(user_count()))
            return Response("saved")

        serve_view(view).get("/")
        assert found == [1]

    def test_it_runs_once_however_often_the_request_does(self, serve_view) -> None:
        attempts, sent = [], []

        def view(_) -> Response:
            with unit_of_work() as unit:
                attempts.append(None)
                unit.after_commit(lambda: sent.append(f"after {len(attempts)}"))
            if len(attempts) < 3:
                raise OptimisticCheckError("somebody else was faster")
            return Response("saved")

        serve_view(view).get("/")
        assert sent == ["after 3"]

    @pytest.mark.parametrize("status", [400, 500])
    def test_it_doesn_t_run_after_an_error(self, serve_view, status) -> None:
        sent = []

        def view(_) -> Response:
            with unit_of_work() as unit:
                unit.after_commit(lambda: sent.append("mail"))
            return Response(status=status)

        serve_view(view).get("/", status=status)
        assert sent == []

    def test_its_failure_leaves_the_answer_as_it_is(self, serve_view, caplog) -> None:
        def fail() -> Never:
            raise OptimisticCheckError("no such host")

        def view(_) -> Response:
            with unit_of_work() as unit:
                add_user()
                unit.after_commit(fail)
            return Response("saved")

        assert serve_view(view).get("/").text == "saved"
        assert user_count() == 1
        assert "no such host" in caplog.text
