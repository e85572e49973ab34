"""Whose a unit of work is: what runs in turns with it in one thread is refused.

A unit belongs to the thread's one database session. So what another task or a suspended generator
has open there would be written, committed or undone with the work of others.
"""

import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from berceau.errors import DatabaseError, Location

_SUSPENDED = inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR | inspect.CO_COROUTINE
# What drives a generator as the two halves of a `with` block or of a test.
_DRIVERS = {"contextlib", "_pytest.fixtures"}


class Owner:
    """The task, and the generator or coroutine if it is one, that opens a unit in ``frame``."""

    def __init__(self, frame: FrameType) -> None:
        self._task = _current_task()
        self._where = Location(file=Path(frame.f_code.co_filename), line=frame.f_lineno)
        driver = frame.f_back.f_globals.get("__name__") if frame.f_back else None
        suspends = bool(frame.f_code.co_flags & _SUSPENDED) and driver not in _DRIVERS
        # By its number: a reference would keep the generator from being closed.
        self._generator = id(frame) if suspends else None

    def check(self) -> None:
        """Refuse what isn't a part of the owner's work: raises ``DatabaseError``."""
        if self._task is not _current_task():
            raise DatabaseError(
                "Another asyncio task of this thread has a unit of work open, and would commit or "
                "undo what this one does.",
                where=self._where,
                cure="Run each unit in a thread: await asyncio.to_thread(run_unit, work).",
            )
        if self._generator is not None and not _is_running(self._generator):
            raise DatabaseError(
                "A generator or coroutine that is suspended has a unit of work open, and would "
                "commit or undo what is done meanwhile.",
                where=self._where,
                cure="Open the unit where the generator is used, or return a list.",
            )


def require_function(work: Callable[..., Any]) -> None:
    """Refuse ``work`` that only begins when it is called: raises ``DatabaseError``.

    A coroutine or generator would run after the unit of work, or be suspended within.
    """
    kind = lazy_kind(work)
    if kind is not None:
        raise _refusal(kind, work)


def lazy_kind(work: Callable[..., Any]) -> str | None:
    """Return what ``work`` is where it only begins when it is called; ``None`` for a function."""
    for kind, is_kind in _LAZY.items():
        if is_kind(work) or is_kind(type(work).__call__):
            return kind
    return None


def require_result(result: Any, work: Callable[..., Any]) -> None:
    """Refuse a ``result`` of ``work`` that still has to run: raises ``DatabaseError``."""
    if inspect.isawaitable(result) or inspect.isasyncgen(result):
        if inspect.iscoroutine(result):
            result.close()  # otherwise, Python warns that nothing awaited it
        raise _refusal("a coroutine", work)


_LAZY: dict[str, Callable[[Any], bool]] = {
    "a coroutine": inspect.iscoroutinefunction,
    "an asynchronous generator": inspect.isasyncgenfunction,
    "a generator": inspect.isgeneratorfunction,
}


def _refusal(kind: str, work: Callable[..., Any]) -> DatabaseError:
    code = getattr(inspect.unwrap(work), "__code__", None)
    return DatabaseError(
        f"{getattr(work, '__qualname__', work)} is {kind}: it would run after its unit of work, "
        "or while that is suspended.",
        where=code and Location(file=Path(code.co_filename), line=code.co_firstlineno),
        cure="Give it a plain function. In asyncio, run that in a thread: "
        "await asyncio.to_thread(run_unit, work).",
    )


def _current_task() -> object:
    asyncio = sys.modules.get("asyncio")  # as long as it isn't imported, no task runs
    if asyncio is None:
        return None
    try:
        return asyncio.current_task()
    except RuntimeError:  # no loop runs in this thread
        return None


def _is_running(frame_id: int) -> bool:
    frame: FrameType | None = sys._getframe(1)  # the way to the frames that called this one
    while frame is not None:
        if id(frame) == frame_id:
            return True
        frame = frame.f_back
    return False
