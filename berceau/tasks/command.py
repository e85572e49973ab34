"""The decorator of every command: a person's mistake ends in one message, not a traceback."""

import functools
import gc
import sys
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any, overload

from invoke.exceptions import Exit
from invoke.parser.argument import Argument
from invoke.tasks import Task, task

from berceau.errors import BerceauError

Function = Callable[..., None]

HELP = {"-h", "--help"}

COLLECT_AFTER = 1_000_000
"""How many new objects Python looks for garbage among. A command makes many, and keeps most."""


class Command(Task[Function]):
    """A task that shows its help where that is asked for behind its name, as in ``new --help``.

    To invoke, the next word after the name is what is given by position, whatever it is.
    """

    def get_arguments(self, ignore_unknown_help: bool | None = None) -> list[Argument]:
        """Return the arguments, as invoke asks for them before it parses the command line."""
        if any(after in HELP and self._is_called(word) for word, after in pairwise(sys.argv)):
            self.positional = []
        return super().get_arguments(ignore_unknown_help)

    def _is_called(self, word: str) -> bool:
        return word.rpartition(".")[2].replace("_", "-") == self.name.replace("_", "-")


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
    klass: type[Task[Function]] | None = None,
) -> Callable[[Function], Task[Function]]: ...


def command(function: Function | None = None, **options: Any) -> Any:
    """Make an invoke task of ``function``; ``options`` are those of ``invoke.task``.

    A ``BerceauError`` becomes one message on standard error and exit status 1, and so does a server
    that fails meanwhile; Ctrl-C ends with status 130 and no traceback.
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
        except Exception as error:
            # Only now: many commands need no database.
            from berceau.postgres.core.refusals import outage

            told = outage(error)
            if told is None:
                raise
            raise Exit(f"error: {told}", code=1) from None
        except KeyboardInterrupt:
            print(file=sys.stderr)
            raise Exit(code=130) from None
        finally:
            # Else Python looks through all objects once more as it ends: 0.3 s of a cold build.
            gc.freeze()

    return task(run, **{"klass": Command, **options})
