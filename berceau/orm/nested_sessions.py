"""A ``db_session`` of Pony's inside a unit of work: a part of it, as an inner unit is.

Pony takes no notice of an inner session: what it wrote before it failed would be committed, if the
code around it caught the exception.

It rests on private names of pony==0.7.20.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from pony.orm import core

from berceau.orm.unit import current_unit

_Session: Any = core.DBSessionContextManager  # as it is inside: its type tells what is for users
_local: Any = core.local
_pony_exit = _Session.__exit__
_pony_wrap = _Session._wrap_function


def _note(session: Any, error: BaseException | None) -> None:
    """Keep the ``error`` of an inner ``session``, unless it is one that commits."""
    unit, allowed = current_unit(), session.allowed_exceptions
    if unit is None or error is None:
        return
    if not (allowed(error) if callable(allowed) else isinstance(error, tuple(allowed))):
        unit.failure = error


def _exit(self: Any, exc_type: Any = None, exc: Any = None, tb: Any = None) -> None:
    if _local.db_context_counter > 1:
        _note(self, exc)
    _pony_exit(self, exc_type, exc, tb)


@contextmanager
def _inside(session: Any) -> Iterator[None]:
    is_inner = bool(_local.db_context_counter)
    try:
        yield
    except BaseException as error:
        if is_inner:
            _note(session, error)
        raise


def _wrap(self: Any, func: Callable[..., Any]) -> Callable[..., Any]:
    pony_call = _pony_wrap(self, func)

    @wraps(func)
    def call(*arguments: Any, **keywords: Any) -> Any:
        with _inside(self):
            return pony_call(*arguments, **keywords)

    return call


# Replaced in Pony's class, because `db_session` is one of its objects.
_Session.__exit__ = _exit
_Session._wrap_function = _wrap
