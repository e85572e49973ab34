"""Build: compose the components' entities and write the schema that they declare."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from berceau.errors import BerceauError, ComponentError, Location
from berceau.lint.finding import Finding, heeded
from berceau.schema.diff import create
from berceau.schema.model import Schema
from berceau.schema.order import order
from berceau.schema.sql import to_statements
from berceau.settings import Settings
from berceau.workflows.declared import compose_anew, look
from berceau.workflows.files import write
from berceau.workflows.phases import Phases
from berceau.workflows.stamp import Stamp

if TYPE_CHECKING:
    from berceau.workflows.compose import Composition

WHOLE = "main"


@dataclass(frozen=True)
class Contents:
    """What a component declares, by number."""

    name: str
    tables: int
    enums: int


@dataclass(frozen=True)
class BuildReport:
    """What a build found and did; ``changed`` holds the files that it wrote or removed.

    ``findings`` are what the rules object to, and the settings don't ignore. ``seconds`` tells how
    long each phase took.
    """

    components: tuple[Contents, ...]
    findings: tuple[Finding, ...] = ()
    changed: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)


def build(settings: Settings, *, check: bool = False) -> BuildReport:
    """Compose the project's components and write ``.berceau/schema``.

    Where neither sources nor output changed since the last build, nothing is imported and
    nothing written. With ``check``, writes nothing and raises ``BerceauError`` where a build
    would change a file. Raises ``ComponentError`` for components that can't be built, but not for
    what the rules find.
    """
    phases = Phases()
    sources = look(settings, phases)
    with phases.phase("compare"):
        stamp = Stamp(settings.state / "build.json")
        fresh = stamp.is_fresh(sources.fingerprint)
    if fresh:
        contents, findings = stamp.summary["components"], stamp.summary["findings"]
        return BuildReport(
            tuple(Contents(**each) for each in contents),
            heeded((Finding(**each) for each in findings), settings.lint_ignore),
            seconds=phases.seconds,
        )
    composition, inputs = compose_anew(settings, sources, phases, keep=not check)
    with phases.phase("lint"):
        from berceau.workflows.inspect import Inspection  # with Pony: only what changed needs it

        inspection = Inspection(settings)
        findings = inspection.find(composition)
    with phases.phase("write"):
        outputs = _outputs(settings, composition)
        changed = _changed(settings, outputs)
        report = BuildReport(
            _contents(composition),
            heeded(findings, settings.lint_ignore),
            tuple(map(str, changed)),
            phases.seconds,
        )
        if not check:
            _write(outputs, settings.root, changed)
            inspection.keep()
            summary = {
                "components": [asdict(each) for each in report.components],
                "findings": [asdict(each) for each in findings],
            }
            stamp.save(inputs, outputs, summary)
    if check and changed:
        raise BerceauError(
            f"The build is stale; it would change {', '.join(report.changed)}.",
            cure="Run `invoke build`.",
        )
    return report


def to_sql(schema: Schema) -> str:
    """Return the SQL that creates ``schema`` in an empty one, a statement a paragraph."""
    return "".join(f"{statement}\n\n" for statement in to_statements(order(create(schema))))


def _outputs(settings: Settings, composition: "Composition") -> dict[Path, str]:
    folder = settings.state / "schema"
    outputs = {folder / f"{WHOLE}.sql": to_sql(composition.schema)}
    for name, part in composition.parts.items():
        if name.lower() == WHOLE:  # to some file systems, Main.sql is main.sql
            raise ComponentError(
                f"A component can't be called {name}: {WHOLE}.sql holds the whole schema.",
                where=Location(name),
                cure="Rename its folder.",
            )
        if part.tables or part.enums:
            outputs[folder / f"{name}.sql"] = to_sql(part)
    return outputs


def _changed(settings: Settings, outputs: Mapping[Path, str]) -> tuple[Path, ...]:
    """Return what differs on disk from ``outputs``, relative to the project's root."""
    stale = set((settings.state / "schema").glob("*.sql")) - outputs.keys()
    written = [
        path
        for path, text in outputs.items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    return tuple(path.relative_to(settings.root) for path in (*written, *sorted(stale)))


def _write(outputs: Mapping[Path, str], root: Path, changed: Iterable[Path]) -> None:
    for path in changed:
        if root / path in outputs:
            write(root / path, outputs[root / path])
        else:
            (root / path).unlink(missing_ok=True)


def _contents(composition: "Composition") -> tuple[Contents, ...]:
    return tuple(
        Contents(name, len(part.tables), len(part.enums))
        for name, part in composition.parts.items()
    )
