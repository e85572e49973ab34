"""Background jobs: rows of the unit of work that deferred them, which a worker runs."""

from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from threading import Thread
from typing import Any

import pytest
from pony.orm.core import OptimisticCheckError
from procrastinate import RetryStrategy
from procrastinate.exceptions import AlreadyEnqueued

from berceau.errors import DatabaseError
from berceau.jobs import jobs, stalled
from berceau.orm import db, run_unit, unit_of_work
from tests.jobs.conftest import run_apart

JOBS = "status::text, attempts FROM procrastinate_jobs WHERE task_name LIKE 'tests.%' ORDER BY id"
NOTES = "text FROM note ORDER BY text"

arguments: list[Any] = []
attempts: Counter[str] = Counter()


class Undo(Exception):  # noqa: N818 - no error
    """Ends what is to be undone."""


@jobs.task(name="tests.note")
def note(text: str) -> None:  # noqa: ARG001 - Pony finds $text
    """Write a row."""
    with unit_of_work():
        db.execute("INSERT INTO note VALUES ($text)")


@jobs.task(name="tests.take")
def take(**given: Any) -> None:
    """Remember the arguments."""
    arguments.append(given)


@jobs.task(name="tests.fail", retry=RetryStrategy(max_attempts=2))
def fail(text: str, times: int) -> None:
    """Write a row, and fail the first ``times``."""
    with unit_of_work():
        db.execute("INSERT INTO note VALUES ($text)")
        attempts[text] += 1
        if attempts[text] <= times:
            raise ValueError("no such host")


@jobs.task(name="tests.follow")
def follow(text: str, *, fails: bool) -> None:
    """Write a row, and leave the next one to another job."""
    with unit_of_work():
        db.execute("INSERT INTO note VALUES ($text)")
        note.defer(text=f"{text} again")
        if fails:
            raise Undo


@jobs.task(name="tests.follow_async")
async def follow_async(text: str) -> None:
    """Leave the row to another job."""
    await note.defer_async(text=text)


class TestDefer:
    @pytest.mark.parametrize("wrong", [{}, {"txt": "ada"}, {"text": "ada", "more": 1}])
    def test_arguments_that_the_task_does_not_take_are_refused(self, rows, wrong) -> None:
        with pytest.raises(TypeError, match=r"The task tests.note can't be run"), unit_of_work():
            note.defer(**wrong)
        with pytest.raises(TypeError), unit_of_work():
            note.configure(lock="x").batch_defer({"text": "ada"}, wrong)
        assert rows(JOBS) == []

    def test_it_is_committed_with_its_unit(self, rows, run) -> None:
        with unit_of_work():
            note.defer(text="ada")
            db.execute("INSERT INTO note VALUES ('the unit')")
        assert rows(JOBS) == [("todo", 0)]
        run()
        assert rows(NOTES) == ["ada", "the unit"]
        assert rows(JOBS) == [], "what succeeded is of no more use"

    def test_it_is_rolled_back_with_its_unit(self, rows) -> None:
        with suppress(Undo), unit_of_work():
            note.defer(text="ada")
            raise Undo
        assert rows(JOBS) == []

    def test_it_is_rolled_back_with_its_savepoint(self, rows, run) -> None:
        with unit_of_work() as unit:
            note.defer(text="ada")
            with suppress(Undo), unit.savepoint():
                note.defer(text="bob")
                raise Undo
        run()
        assert rows(NOTES) == ["ada"]

    def test_an_attempt_that_is_repeated_leaves_none(self, rows, run) -> None:
        tries: list[None] = []

        def work() -> None:
            note.defer(text="ada")
            tries.append(None)
            if len(tries) < 3:
                raise OptimisticCheckError("somebody else was faster")

        run_unit(work)
        run()
        assert rows(NOTES) == ["ada"]

    def test_outside_of_a_unit_it_is_committed_at_once(self, rows) -> None:
        assert note.defer(text="ada") > 0
        assert rows(JOBS) == [("todo", 0)]

    def test_many_at_once(self, rows, run) -> None:
        with unit_of_work():
            note.batch_defer({"text": "ada"}, {"text": "bob"})
        run()
        assert rows(NOTES) == ["ada", "bob"]

    def test_one_for_later_waits(self, rows, run) -> None:
        with unit_of_work():
            note.configure(schedule_at=datetime(2999, 1, 1, tzinfo=UTC)).defer(text="ada")
        run()
        assert rows(JOBS) == [("todo", 0)]

    def test_arguments_arrive_as_they_were_given(self, run) -> None:
        given = {
            "text": "100 % 'quoted' \\ ünïcode %(x)s",
            "nothing": None,
            "numbers": [1, 2.5, -(2**60)],
            "nested": {"a": [{"b": {}}], "c": True},
            "empty": {},
        }
        arguments.clear()
        with unit_of_work():
            take.defer(**given)
        run()
        assert arguments == [given]

    def test_a_taken_queueing_lock_leaves_the_unit_whole(self, rows, run) -> None:
        once = partial(note.configure(queueing_lock="(a)=(b)").defer, text="ada")
        once()
        with unit_of_work():
            db.execute("INSERT INTO note VALUES ('before')")
            with pytest.raises(AlreadyEnqueued):
                once()
            db.execute("INSERT INTO note VALUES ('after')")
        with pytest.raises(AlreadyEnqueued):
            once()
        run()
        assert rows(NOTES) == ["ada", "after", "before"]

    @pytest.mark.parametrize(
        "what", ["FUNCTION procrastinate_defer_jobs_v1", "TABLE procrastinate_jobs"]
    )
    def test_without_its_tables_it_says_what_to_do(self, rows, what) -> None:
        def work() -> None:
            db.execute(f"ALTER {what} RENAME TO elsewhere")
            note.defer(text="ada")

        with pytest.raises(DatabaseError, match="no tables for background jobs") as error:
            run_unit(work)
        assert "invoke jobs.migrate" in str(error.value)
        assert rows(JOBS) == []

    def test_in_a_unit_an_asynchronous_one_is_refused(self, rows) -> None:
        async def work() -> None:
            with unit_of_work():
                await note.defer_async(text="ada")

        with pytest.raises(DatabaseError, match="committed apart from the unit"):
            run_apart(work())
        assert rows(JOBS) == []


class TestRun:
    def test_what_fails_is_retried(self, rows, run) -> None:
        attempts.clear()
        fail.defer(text="ada", times=2)
        run()
        assert attempts["ada"] == 3
        assert rows(NOTES) == ["ada"], "the units of the attempts that failed are rolled back"
        assert rows(JOBS) == []

    def test_what_fails_for_good_is_kept_and_logged(self, rows, run, caplog) -> None:
        attempts.clear()
        fail.defer(text="ada", times=9)
        note.defer(text="bob")
        run()
        assert rows(JOBS) == [("failed", 3)]
        assert rows(NOTES) == ["bob"]
        (record,) = [each for each in caplog.records if each.levelname == "ERROR"]
        assert "tests.fail" in record.getMessage()
        assert str(record.exc_info[1]) == "no such host"

    def test_a_job_may_defer_another_in_its_unit(self, rows, run) -> None:
        follow.defer(text="ada", fails=False)
        follow.defer(text="bob", fails=True)
        follow_async.defer(text="eve")
        run()
        assert rows(NOTES) == ["ada", "ada again", "eve"]

    def test_several_workers_run_each_job_once(self, rows, run) -> None:
        note.batch_defer(*({"text": f"{number:02}"} for number in range(40)))
        workers = [Thread(target=run, kwargs={"concurrency": 2}) for _ in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert rows(NOTES) == [f"{number:02}" for number in range(40)]


class TestStalled:
    """A job whose worker died is under way, as its row says, and no one runs it."""

    def _leave(self, attempts: int) -> None:  # noqa: ARG002 - Pony finds $attempts
        note.defer(text="ada")
        with unit_of_work():
            db.execute("UPDATE procrastinate_jobs SET status = 'doing', attempts = $attempts")
        stalled.retry_stalled.defer(timestamp=0)

    def test_it_runs_again(self, rows, run, caplog) -> None:
        self._leave(attempts=0)
        run()
        assert rows(NOTES) == ["ada"]
        assert rows(JOBS) == []
        assert "died: it runs again" in caplog.text

    def test_one_that_may_kill_its_workers_is_given_up(self, rows, run, caplog) -> None:
        self._leave(attempts=stalled.ATTEMPTS - 1)
        run()
        assert rows(NOTES) == []
        assert rows(JOBS) == [("failed", stalled.ATTEMPTS)]
        assert "it is given up" in caplog.text

    def test_one_under_way_is_left_alone(self, rows, run) -> None:
        note.defer(text="ada")
        with unit_of_work():
            db.execute(
                "WITH worker AS (INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id) "
                "UPDATE procrastinate_jobs SET status = 'doing', worker_id = worker.id FROM worker"
            )
        stalled.retry_stalled.defer(timestamp=0)
        run()
        assert rows(JOBS) == [("doing", 0)]
