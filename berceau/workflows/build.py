"""Build: compose the components' entities and write the schema that they declare."""

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import berceau
from berceau.components import Component, discover
from berceau.errors import BerceauError
from berceau.schema.diff import create
from berceau.schema.model import Schema
from berceau.schema.order import order
from berceau.schema.sql import to_statements
from berceau.settings import Settings
from berceau.workflows.compose import Composition, compose
from berceau.workflows.files import write
from berceau.workflows.phases import Phases


@dataclass(frozen=True)
class Contents:
    """What a component declares, by number."""

    name: str
    tables: int
    enums: int


@dataclass(frozen=True)
class BuildReport:
    """What a build found and did; ``changed`` holds the files that it wrote or removed.

    ``seconds`` tells how long each phase took.
    """

    components: tuple[Contents, ...]
    changed: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)


def build(settings: Settings, *, check: bool = False) -> BuildReport:
    """Compose the project's components and write ``.berceau/schema``.

    Where neither sources nor output changed since the last build, nothing is imported and
    nothing written. With ``check``, writes nothing and raises ``BerceauError`` where a build
    would change a file. Raises ``ComponentError`` for components that can't be built.
    """
    phases = Phases()
    with phases.phase("compare"):
        components = discover(settings.components)
        stamp = _Stamp(settings.state / "build.json")
        fresh = stamp.is_fresh(components)
    if fresh:
        return BuildReport(stamp.contents(), seconds=phases.seconds)
    composition = compose(settings.components, phases)
    with phases.phase("write"):
        changed = _write(settings, composition, check)
        report = BuildReport(_contents(composition), changed, phases.seconds)
        if not check:
            stamp.save(composition, report, _outputs(settings, composition))
    if check and changed:
        raise BerceauError(
            f"The build is stale; it would change {', '.join(changed)}.",
            cure="Run `invoke build`.",
        )
    return report


def to_sql(schema: Schema) -> str:
    """Return the SQL that creates ``schema`` in an empty one, a statement a paragraph."""
    return "".join(f"{statement}\n\n" for statement in to_statements(order(create(schema))))


def _outputs(settings: Settings, composition: Composition) -> dict[Path, str]:
    folder = settings.state / "schema"
    outputs = {folder / "main.sql": to_sql(composition.schema)}
    for component in composition.components:
        part = composition.part(component)
        if part.tables or part.enums:
            outputs[folder / f"{component.name}.sql"] = to_sql(part)
    return outputs


def _write(settings: Settings, composition: Composition, check: bool) -> tuple[str, ...]:
    outputs = _outputs(settings, composition)
    stale = set((settings.state / "schema").glob("*.sql")) - outputs.keys()
    changed = sorted(stale)
    for path, text in outputs.items():
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            changed.append(path)
    if not check:
        for path in stale:
            path.unlink(missing_ok=True)
        for path, text in outputs.items():
            write(path, text)
    return tuple(str(path.relative_to(settings.root)) for path in changed)


def _contents(composition: Composition) -> tuple[Contents, ...]:
    parts = ((each, composition.part(each)) for each in composition.components)
    return tuple(Contents(each.name, len(part.tables), len(part.enums)) for each, part in parts)


class _Stamp:
    """The record of the last build: hashes of all that went in, and of all that came out."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self.record = {}

    def is_fresh(self, components: Iterable[Component]) -> bool:
        others = map(Path, self.record.get("others", ()))
        return bool(self.record) and (
            self.record["inputs"] == _hash_inputs(components, others)
            and self.record["outputs"] == _hash_files(map(Path, self.record["files"]))
        )

    def contents(self) -> tuple[Contents, ...]:
        return tuple(Contents(**each) for each in self.record["contents"])

    def save(self, composition: Composition, report: BuildReport, outputs: Iterable[Path]) -> None:
        others = sorted(_other_modules(composition.components, self.path.parent.parent))
        files = sorted(outputs)
        record = {
            "inputs": _hash_inputs(composition.components, others),
            "others": list(map(str, others)),
            "outputs": _hash_files(files),
            "files": list(map(str, files)),
            "contents": [asdict(each) for each in report.components],
        }
        write(self.path, json.dumps(record, indent=1))


def _other_modules(components: tuple[Component, ...], root: Path) -> Iterator[Path]:
    """Yield the project's modules outside of its components that the entities imported."""
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        path = Path(file) if file else None
        if (
            path is not None
            and path.is_relative_to(root)
            and "site-packages" not in path.parts
            and not path.is_relative_to(Path(berceau.__file__).parent)
            and not any(path.is_relative_to(component.path) for component in components)
        ):
            yield path


def _hash_inputs(components: Iterable[Component], others: Iterable[Path]) -> str:
    digest = hashlib.sha256(f"{sys.version} {version('pony')}".encode())
    for component in components:
        digest.update(f"\0{component.name} {component.package}\0".encode())
        digest.update(_hash_files(component.sources()).encode())
    digest.update(_hash_files(others).encode())
    digest.update(_hash_files(sorted(Path(berceau.__file__).parent.rglob("*.py"))).encode())
    return digest.hexdigest()


def _hash_files(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"\0{path}\0".encode())
        digest.update(path.read_bytes() if path.is_file() else b"\0missing")
    return digest.hexdigest()
