"""What databases hold already is recorded: in the shared tables, or in those of each tenant."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from berceau.errors import BerceauError, HistoryError, TenantError
from berceau.tasks.project import say

if TYPE_CHECKING:
    from berceau.settings import Settings
    from berceau.workflows.build.declared import Declared

CORRECT = "Correct what it names."
BEHIND = (
    "Nothing was recorded. The tenant holds nothing of that yet: `invoke migrate.deploy` makes it."
)


@dataclass
class Recording:
    """What comes of it in each tenant: what keeps it from being recorded there, by its name.

    Those that are ``behind`` hold nothing of it, so that a deploy does all. ``recorded`` says
    whether it was recorded somewhere.
    """

    recorded: bool = False
    behind: dict[str, BerceauError] = field(default_factory=dict)
    failed: dict[str, BerceauError] = field(default_factory=dict)

    def require(self, name: str) -> None:
        """Raise an error for what is wrong: all that are behind are, too, if nothing was recorded.

        It is about the migration ``name``.
        """
        again = (
            f"Afterwards, run `invoke migrate.baseline --scope tenant {name}`: it does the rest."
        )
        failed = self.failed if self.recorded else self.failed | self.behind
        if failed:
            raise _listed(failed, again if self.failed else "")
        if not self.recorded:
            raise HistoryError(f"{name} is recorded already.")


def record_in(
    places: "Sequence[Settings]",
    declared: "Declared",
    name: str,
    told: Callable[[str, str | None], None],
) -> Recording:
    """Record the migration ``name`` in those of ``places`` that lack it, also after one failed.

    The names of what was recorded are ``told`` for each, with that of the tenant. What isn't the
    fault of one tenant raises ``BerceauError``.
    """
    from berceau.postgres.core.refusals import explained
    from berceau.workflows.history.baseline import is_recorded, is_written
    from berceau.workflows.shared.databases import resolve_databases

    done = Recording()
    for each in places:
        tenant = each.target.name if each.target else None
        url = resolve_databases(each).migration_url
        try:
            with explained(CORRECT) if tenant else nullcontext():
                if not is_recorded(url, each.migrations, name):
                    told(", ".join(_record(each, declared, name)), tenant)
                    done.recorded = True
        except BerceauError as error:
            if tenant is None or not is_written(each.migrations, name):
                raise
            if isinstance(error, HistoryError) and _is_behind(each, name):
                done.behind[tenant] = error.with_cure(BEHIND)
            else:
                done.failed[tenant] = error
    return done


def _record(settings: "Settings", declared: "Declared", name: str) -> tuple[str, ...]:
    from berceau.workflows.history.baseline import baseline as run
    from berceau.workflows.shared.cache import SchemaCache
    from berceau.workflows.shared.databases import resolve_databases

    return run(
        resolve_databases(settings).migration_url,
        declared.schema,
        declared.component_by_name,
        settings.migrations,
        name,
        SchemaCache(settings.cache),
        say,
    )


def _is_behind(settings: "Settings", name: str) -> bool:
    from berceau.postgres.core.refusals import explained
    from berceau.workflows.history.baseline import is_behind
    from berceau.workflows.shared.cache import SchemaCache
    from berceau.workflows.shared.databases import resolve_databases

    url = resolve_databases(settings).migration_url
    with suppress(BerceauError), explained(CORRECT):  # what it said first is told
        return is_behind(url, settings.migrations, name, SchemaCache(settings.cache))
    return False


def _listed(failed: dict[str, BerceauError], again: str) -> TenantError:
    """Return the error of the tenants that ``failed``, by their names, with what cures each."""
    from berceau.workflows.shared.wording import counted
    from berceau.workflows.tenants.states import error_of

    errors = [error_of(each, error) for each, error in sorted(failed.items())]
    if len(errors) == 1:
        return errors[0].with_cure(f"{errors[0].cure or ''} {again}".strip())
    return TenantError(
        "\n".join((f"{counted(len(errors), 'tenant')} failed:", *map(str, errors))),
        cure=f"{again} With --tenant NAME instead, it is about one.".strip() if again else None,
    )
