"""``invoke migrate.check``: for CI, all that is wrong with the migrations, with stable codes."""

from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from invoke.context import Context

from berceau.errors import HistoryError
from berceau.tasks.command import command
from berceau.tasks.project import load, print_json, say
from berceau.tenancy import SCOPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from berceau.diagnostic import Diagnostic
    from berceau.settings import Settings
    from berceau.tenancy import Target
    from berceau.workflows.build.declared import Declared
    from berceau.workflows.history.against import Compatibility

_UNREADABLE = ("M004", "M005", "M006", "M007")
"""What is wrong with migrations that can't be run one after the other."""

NOTHING = ""
"""The revision that stands for no proof."""


@command(
    optional=("against",),
    help={
        "against": "REF: prove that this git revision runs on the new schema; without REF, that of "
        "the shared branch",
        "all-tenants": "compare the tables of all tenants with their migrations, not of some",
        "json": "print one JSON document",
    },
)
def check(
    _: Context,
    against: str | bool | None = None,
    all_tenants: bool = False,
    json: bool = False,
) -> None:
    """Fail if the migrations contradict the entities, the database, or each other."""
    from berceau.workflows.build.declared import declared

    settings = load()
    components = declared(settings)
    chosen = (against if isinstance(against, str) else None) if against else NOTHING
    checked = [*_check_all(settings, components, chosen, sample=not all_tenants)]
    findings = [finding for each in checked for finding in each.findings]
    proofs = [each.proof for each in checked if each.proof]
    if json:
        data: dict[str, object] = {"findings": [asdict(each) for each in findings]}
        if settings.tenants:
            compared = {each.of: asdict(each.proof) for each in checked if each.proof}
            print_json(data | ({"compatibility": compared} if compared else {}))
        else:
            print_json(data | ({"compatibility": asdict(proofs[0])} if proofs else {}))
    else:
        for each in checked:
            whose = f"{each.of}: " if each.of else ""
            for line in each.proof.lines() if each.proof else ():
                say(f"check: {whose}{line}")
        if not findings:
            say("check: entities, migrations and database agree")
    if findings:
        codes = ", ".join(each.code for each in findings)
        found = "" if json else "\n" + "\n".join(map(str, findings))
        raise HistoryError(f"The migrations need attention: {codes}.{found}")


@dataclass(frozen=True)
class _Checked:
    """What is wrong with one history, ``of`` what; and what a release can do on it."""

    findings: "Sequence[Diagnostic]"
    proof: "Compatibility | None" = None
    of: str = ""


def _check_all(
    settings: "Settings", components: "Declared", against: str | None, *, sample: bool
) -> "Iterator[_Checked]":
    """Yield what is wrong with the history of the project, or with those of its tenants."""
    if settings.tenants is None:
        yield _check(settings, components, against)
        return
    from berceau.workflows.tenants import targets
    from berceau.workflows.tenants.drifts import drifts

    for scope in SCOPES:
        with targets.of(settings, scope) as one:
            found = _check(one, components.part(scope), against)
            told = [_told(each, one.target) for each in found.findings if one.target]
            yield replace(found, findings=told, of=scope)
            if scope == "tenant":
                yield _Checked(drifts(settings, one, sample=sample))


def _told(finding: "Diagnostic", target: "Target") -> "Diagnostic":
    """Return ``finding`` with what it is about, and commands for that."""
    from berceau.workflows.tenants.commands import complete

    message = f"{target.scope}: {finding.message}"
    return replace(finding, message=message, cure=complete(finding.cure, target))


def _check(settings: "Settings", components: "Declared", against: str | None) -> _Checked:
    from berceau.workflows.history.against import prove_against
    from berceau.workflows.history.check import check as run
    from berceau.workflows.shared.cache import SchemaCache
    from berceau.workflows.shared.databases import resolve_databases
    from berceau.workflows.write.left import find_left

    cache = SchemaCache(settings.cache)
    migration_url = resolve_databases(settings).migration_url
    left = partial(find_left, settings, components.schema, components.component_by_name)
    findings = run(
        migration_url, components.schema, settings.migrations, cache, settings.unmanaged, left
    )
    if against == NOTHING or any(each.code in _UNREADABLE for each in findings):
        return _Checked(findings)
    proof = prove_against(settings, components.schema, against)
    return _Checked((*findings, *proof.findings), proof)
