"""What runs after the end of a unit of work: after its commit, or after its rollback."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Literal

from pony.orm import core as pony_core

from berceau.errors import DatabaseError, Location
from berceau.orm.owners import lazy_kind, require_result

core: Any = pony_core  # as it is inside: its types tell what is for users
log = logging.getLogger("berceau")

Work = Callable[[], object]
Method = Literal["after_commit", "after_rollback"]


@dataclass(frozen=True)
class _Callback:
    """A function that waits for the end of its unit of work.

    ``method`` is what it was passed to, ``sessions`` are those that were open then.
    """

    work: Work
    method: Method
    where: Location
    sessions: tuple[Any, ...]

    @property
    def was_undone(self) -> bool:
        """Whether Pony's ``rollback()`` undid what the unit had done until then."""
        return not all(session.is_alive for session in self.sessions)

    def run(self) -> None:
        """Call the function. Its error is logged: the unit has ended, so nothing is undone."""
        try:
            require_result(self.work(), self.work)
        except Exception as error:  # whatever it raises: the others have to run, too
            log.error(
                "%s() failed after its unit of work had ended: %s\n  in %s",
                *(self.method, " ".join(str(error).split()) or type(error).__name__, self.where),
                exc_info=error,
            )


class Callbacks:
    """The functions that wait for the end of one unit of work, in the order they were given."""

    def __init__(self) -> None:
        self._waiting: list[_Callback] = []
        self._undone: list[_Callback] = []  # of parts that were rolled back

    def add(self, work: Work, method: Method, frame: FrameType) -> None:
        """Add what runs at the end that ``method`` names; ``frame`` is where it is given.

        Raises ``DatabaseError`` where calling ``work`` wouldn't run it.
        """
        self._waiting.append(_callback(work, method, frame))

    @contextmanager
    def part(self) -> Iterator[None]:
        """Take what the body adds for rolled back, where it raises."""
        before = len(self._waiting)
        try:
            yield
        except BaseException:
            self._undone += self._waiting[before:]
            del self._waiting[before:]
            raise

    def note_undone(self) -> None:
        """Take what was added before a ``rollback()`` of Pony's for rolled back."""
        self._undone += [each for each in self._waiting if each.was_undone]
        self._waiting = [each for each in self._waiting if not each.was_undone]

    @property
    def await_commit(self) -> bool:
        """Whether anything runs after a commit."""
        return any(each.method == "after_commit" for each in self._waiting)

    def run(self, end: Method | None) -> None:
        """Run what waits for this ``end``; for ``None``, which is unknown, no more than is sure."""
        for callback in self._undone:
            if callback.method == "after_rollback":
                callback.run()
        for callback in self._waiting:
            if callback.method == end:
                callback.run()


def _callback(work: Work, method: Method, frame: FrameType) -> _Callback:
    where = _location(frame)
    kind = lazy_kind(work)
    if kind is not None:
        raise DatabaseError(
            f"{method}() was given {kind}: a call of it only makes one, and runs nothing.",
            where=where,
            cure="Give it a plain function, as in lambda: asyncio.run(send()).",
        )
    return _Callback(work, method, where, tuple(core.local.db2cache.values()))


def _location(frame: FrameType) -> Location:
    folder, _, rest = str(frame.f_globals.get("__name__", "")).partition(".")
    component = rest.partition(".")[0] if folder == "components" else None
    return Location(component or None, Path(frame.f_code.co_filename), frame.f_lineno)
