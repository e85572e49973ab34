"""Build: compose the components' entities and write the schema that they declare."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from berceau.diagnostic import Diagnostic
from berceau.errors import BerceauError, ComponentError, Location
from berceau.lint.rules import without
from berceau.schema.diff import create
from berceau.schema.order import order
from berceau.schema.sql import rendered
from berceau.settings import Settings
from berceau.workflows.build.declared import Sources, compose_uncached, declared, look
from berceau.workflows.build.file_facts import Reading
from berceau.workflows.build.misplaced import refuse_misplaced
from berceau.workflows.build.record import BuildRecord
from berceau.workflows.shared.files import holds, write
from berceau.workflows.shared.phases import Phases

if TYPE_CHECKING:
    from berceau.workflows.build.compose import Composition

WHOLE = "main"
TYPES = "types"


@dataclass(frozen=True)
class Contents:
    """What a component declares, by number, and the components that it needs, by name."""

    name: str
    tables: int
    enums: int
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class BuildReport:
    """What a build found and did.

    ``findings`` are what the rules object to, and the settings don't ignore. ``changed`` holds the
    files that it wrote or removed; all types count as one. ``seconds`` has how long each phase
    took.
    """

    components: tuple[Contents, ...]
    findings: tuple[Diagnostic, ...] = ()
    changed: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)


def build(settings: Settings, *, check: bool = False) -> tuple[BuildReport, Sources]:
    """Compose the project's components and write ``.berceau/schema`` and ``.berceau/types``.

    Where neither sources nor output changed since the last build, nothing is imported and
    nothing written. With ``check``, writes nothing and raises ``BerceauError`` where a build
    would change a file. Raises ``ComponentError`` for components that can't be built, but not for
    what the rules find. Also returns the sources as they were built, for ``declared``.
    """
    phases = Phases()
    sources = look(settings, phases)
    with phases.phase("compare"):
        record = BuildRecord(settings.state / "build.json")
        fresh = record.is_fresh(sources.fingerprint)
    if fresh:
        if settings.tenants:
            refuse_misplaced(declared(settings, sources).misplaced)
        contents = record.summary["components"]
        report = BuildReport(
            tuple(Contents(**each | {"needs": tuple(each["needs"])}) for each in contents),
            _kept_findings(settings, record),
            seconds=phases.seconds,
        )
        return report, sources
    return _build(settings, sources, record, phases, check)


def last_findings(settings: Settings) -> tuple[Diagnostic, ...]:
    """Return what the rules objected to at the last build; nothing where sources changed since."""
    record = BuildRecord(settings.state / "build.json")
    fresh = record.is_fresh(look(settings).fingerprint)
    return _kept_findings(settings, record) if fresh else ()


def _kept_findings(settings: Settings, record: BuildRecord) -> tuple[Diagnostic, ...]:
    found = (Diagnostic(**each) for each in record.summary["findings"])
    return without(found, settings.lint_ignore)


def _build(
    settings: Settings, sources: Sources, record: BuildRecord, phases: Phases, check: bool
) -> tuple[BuildReport, Sources]:
    with Reading(settings, sources.components) as reading, ThreadPoolExecutor(1) as writer:
        composition, inputs = compose_uncached(settings, sources, phases, keep=not check)
        if settings.tenants:
            refuse_misplaced(composition.misplaced)
        with phases.phase("types"):
            from berceau.orm import db  # with Pony, as below: only what changed needs it
            from berceau.orm.typing import to_stubs

            stubs = to_stubs(db)
        with phases.phase("write"):
            outputs = _outputs(settings, composition)
            outputs |= {settings.state / TYPES / name: text for name, text in stubs.items()}
            changed = _changed(settings, outputs)
            # Beside the rules: to make many files is to wait for the file system.
            written = writer.submit(_write, outputs, settings.root, () if check else changed)
        with phases.phase("lint"):  # last, since its helper works meanwhile
            from berceau.workflows.build.component_lint import examine

            findings, needed = examine(settings.root, composition, reading.notes())
        with phases.phase("write"):
            written.result()
    contents = _contents(composition, needed)
    if not check:
        with phases.phase("write"):
            reading.keep()
            record.save(inputs, outputs, _summary(contents, findings))
    names = _named(settings, changed)
    if check and names:
        raise BerceauError(
            f"The build is stale; it would change {', '.join(names)}.", cure="Run `invoke build`."
        )
    kept = without(findings, settings.lint_ignore)
    report = BuildReport(contents, kept, names, phases.seconds)
    return report, replace(sources, fingerprint=inputs)


def _summary(contents: Iterable[Contents], findings: Iterable[Diagnostic]) -> dict[str, Any]:
    return {
        "components": [asdict(each) for each in contents],
        "findings": [asdict(each) for each in findings],
    }


def _outputs(settings: Settings, composition: "Composition") -> dict[Path, str]:
    """Return the SQL that creates the whole schema, and each component's part, by file."""
    whole: list[str] = []
    parts: dict[str, list[str]] = defaultdict(list)
    for change, statement in rendered(order(create(composition.schema))):
        whole.append(f"{statement}\n\n")
        component = composition.component_by_name.get(change.subject)
        if component is not None:
            parts[component].append(whole[-1])
    for name in parts:
        if name.lower() == WHOLE:  # to some file systems, Main.sql is main.sql
            raise ComponentError(
                f"A component can't be called {name}: {WHOLE}.sql holds the whole schema.",
                where=Location(name),
                cure="Rename its folder.",
            )
    texts = {WHOLE: whole} | {
        component.name: parts[component.name]
        for component in composition.components
        if component.name in parts
    }
    folder = settings.state / "schema"
    return {folder / f"{name}.sql": "".join(text) for name, text in texts.items()}


def _changed(settings: Settings, outputs: Mapping[Path, str]) -> tuple[Path, ...]:
    """Return what differs on disk from ``outputs``, relative to the project's root."""
    schema, types = settings.state / "schema", settings.state / TYPES
    stale = {*schema.glob("*.sql"), *types.rglob("*.pyi")} - outputs.keys()
    written = [path for path, text in outputs.items() if not holds(path, text)]
    return tuple(path.relative_to(settings.root) for path in (*written, *sorted(stale)))


def _named(settings: Settings, changed: Collection[Path]) -> tuple[str, ...]:
    """Return the names of ``changed`` files as people want them: the types are one thing."""
    types = (settings.state / TYPES).relative_to(settings.root)
    others = [str(path) for path in changed if types not in path.parents]
    return (*others, str(types)) if len(others) < len(changed) else tuple(others)


def _write(outputs: Mapping[Path, str], root: Path, changed: Iterable[Path]) -> None:
    for path in changed:
        if root / path in outputs:
            write(root / path, outputs[root / path])
        else:
            (root / path).unlink(missing_ok=True)


def _contents(
    composition: "Composition", needed: Mapping[str, tuple[str, ...]]
) -> tuple[Contents, ...]:
    return tuple(
        Contents(name, len(part.tables), len(part.enums), needed.get(name, ()))
        for name, part in composition.parts.items()
    )
