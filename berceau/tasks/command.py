"""The decorator of every command: a person's mistake ends in one message, not a traceback."""

import functools
import gc
import sys
from collections.abc import Callable, Iterable
from typing import Any, overload

from invoke.exceptions import Exit
from invoke.tasks import Task, task

from berceau.errors import BerceauError

Function = Callable[..., None]

COLLECT_AFTER = 1_000_000
"""How many new objects Python looks for garbage among. A command makes many, and keeps most."""


@overload
def command(function: Function, /) -> Task[Function]: ...


@overload
def command(
    *,
    name: str | None = None,
    default: bool = False,
    iterable: Iterable[str] | None = None,
    positional: Iterable[str] | None = None,
    optional: Iterable[str] | None = None,
    help: dict[str, str] | None = None,
) -> Callable[[Function], Task[Function]]: ...


def command(function: Function | None = None, **options: Any) -> Any:
    """Make an invoke task of ``function``; ``options`` are those of ``invoke.task``.

    A ``BerceauError`` becomes one message on standard error and exit status 1; Ctrl-C ends
    with status 130 and no traceback.
    """
    if function is None:
        return functools.partial(command, **options)

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> None:
        gc.set_threshold(COLLECT_AFTER)
        try:
            function(*args, **kwargs)
        except BerceauError as error:
            raise Exit(f"error: {error}", code=1) from None
        except KeyboardInterrupt:
            print(file=sys.stderr)
            raise Exit(code=130) from None
        finally:
            # Else Python looks through all objects once more as it ends: 0.3 s of a cold build.
            gc.freeze()

    return task(run, **options)
