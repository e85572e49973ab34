"""The jobs of a test are run where the test asks for it."""

import pytest
from procrastinate import RetryStrategy

from berceau.jobs import jobs
from berceau.jobs.waiting import run_waiting
from berceau.orm import db, unit_of_work

attempts: list[str] = []


@jobs.task(name="waiting.fail")
def fail(text: str) -> None:
    """Fail for good."""
    attempts.append(text)
    raise ValueError(text)


@jobs.task(name="waiting.retry", retry=RetryStrategy(max_attempts=5))
def retry() -> None:
    """Fail once."""
    attempts.append("retry")
    if len(attempts) == 1:
        raise ValueError("no such host")


@jobs.task(name="waiting.later", retry=RetryStrategy(max_attempts=5, wait=3600))
def later() -> None:
    """Fail, and try again in an hour."""
    attempts.append("later")
    raise ValueError("no such host")


@jobs.periodic(cron="* * * * *")
@jobs.task(name="waiting.periodic")
def periodic(timestamp: int) -> None:
    """Run each minute."""
    attempts.append(str(timestamp))


@pytest.fixture(autouse=True)
def no_attempts() -> None:
    attempts.clear()


def test_the_error_of_one_that_fails_is_raised() -> None:
    fail.defer(text="broken")
    with pytest.raises(ValueError, match="broken"):
        run_waiting()


def test_those_of_several_are_a_group() -> None:
    fail.batch_defer({"text": "a"}, {"text": "b"})
    with pytest.raises(ExceptionGroup) as failed:
        run_waiting()
    assert sorted(str(each) for each in failed.value.exceptions) == ["a", "b"]


def test_one_that_succeeds_later_is_no_failure() -> None:
    retry.defer()
    run_waiting()
    assert attempts == ["retry", "retry"]


def test_one_that_is_to_run_later_isn_t_either() -> None:
    later.defer()
    run_waiting()
    assert attempts == ["later"]
    with unit_of_work():
        assert db.select("status::text FROM procrastinate_jobs") == ["todo"]


def test_periodic_tasks_are_left_alone() -> None:
    run_waiting()
    assert attempts == []
