"""The plugin for mypy: what stubs can't tell it about entities; ``plugins = ["berceau.mypy"]``.

The stubs that ``invoke build`` writes overload one constructor for all entities, of which mypy
doesn't choose the one that belongs to a class. And ``post = DemoPost[key]`` is the definition of a
type to mypy, unless the key is given to ``DemoPost.__getitem__``.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from secrets import token_hex

from mypy.nodes import (
    ARG_POS,
    ARG_STAR2,
    AssignmentStmt,
    CallExpr,
    ClassDef,
    Expression,
    Import,
    ImportFrom,
    IndexExpr,
    MemberExpr,
    MypyFile,
    NameExpr,
    Node,
    TypeInfo,
)
from mypy.options import Options
from mypy.plugin import FunctionSigContext, Plugin, ReportConfigContext
from mypy.types import CallableType, FunctionLike, Instance, get_proper_type
from mypy.util import correct_relative_import

ENTITY = "pony.orm._entity.Entity"
PROJECT = "pony.orm._project"
PROJECT_FILE = "pony/orm/_project.pyi"
BODIES = "body else_body finally_body handlers bodies defs func items impl".split()
KEY = re.compile(r"=[\s(]*[\w.]+\[")
WORD = re.compile(r"\w+")
KEYED = re.compile(r"def __getitem__\(_cls_: type\[([\w.]+)\]")


class BerceauPlugin(Plugin):
    """Knows the constructors of entities, and that ``DemoPost[key]`` is an object."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        stubs = (Path(folder, PROJECT_FILE) for folder in options.mypy_path)
        self._stub = next(filter(Path.is_file, stubs), None)

    def get_function_signature_hook(
        self, fullname: str
    ) -> Callable[[FunctionSigContext], FunctionLike] | None:
        """Return what types a call of ``fullname``, where that is an entity."""
        symbol = self.lookup_fully_qualified(fullname)
        if symbol is None or not isinstance(symbol.node, TypeInfo):
            return None
        return self._construct if symbol.node.has_base(ENTITY) else None

    def get_additional_deps(self, file: MypyFile) -> list[tuple[int, str, int]]:
        """Make ``DemoPost[key]`` a call in ``file``, before mypy reads it.

        Returns the stub with the signatures where ``file`` may use them.
        """
        entities = self._entities()
        known = _known(file, entities)
        for each in _assignments(file.defs) if known else ():
            value = each.rvalue
            if isinstance(value, IndexExpr) and _full_name(value.base, known) in entities:
                each.rvalue = _call(value)
        return [(10, PROJECT, -1)] if known else []

    def report_config_data(self, ctx: ReportConfigContext) -> str | None:
        """Return something new for a module that mypy has to parse: it may have changed its code.

        A module that mypy only checks again, since another one changed, doesn't pass the method
        above.
        """
        path = Path(ctx.path)
        if not path.is_file() or not {"site-packages", "typeshed"}.isdisjoint(path.parts):
            return None
        text = path.read_text(encoding="utf-8", errors="ignore")
        names = {part for each in self._entities() for part in each.split(".")[-2:]}
        return token_hex(8) if KEY.search(text) and names & set(WORD.findall(text)) else None

    def _entities(self) -> frozenset[str]:
        """Return the full names of the entities."""
        return _find(self._stub, self._stub.stat().st_mtime_ns) if self._stub else frozenset()

    def _construct(self, context: FunctionSigContext) -> FunctionLike:
        loose = context.default_signature
        entity = get_proper_type(loose.ret_type)
        symbol = self.lookup_fully_qualified(f"{PROJECT}.Constructors")
        if not symbol or not isinstance(symbol.node, TypeInfo) or not isinstance(entity, Instance):
            return loose
        exact = _constructors(symbol.node).get(entity.type.fullname)
        if exact is None or exact.is_var_arg or loose.arg_kinds != [ARG_STAR2]:
            return loose  # unknown as yet, or it has a constructor of its own
        return loose.copy_modified(
            arg_types=exact.arg_types[1:],
            arg_kinds=exact.arg_kinds[1:],
            arg_names=exact.arg_names[1:],
        )


def _known(file: MypyFile, entities: frozenset[str]) -> dict[str, str]:
    """Return the full names of the entities, and of their modules, that ``file`` has names for."""
    names = {
        each.name: f"{file.fullname}.{each.name}"
        for each in file.defs
        if isinstance(each, ClassDef)
    }
    for each in file.imports:
        if isinstance(each, ImportFrom):
            module, _ = correct_relative_import(
                file.fullname, each.relative, each.id, file.is_package_init_file()
            )
            names |= {alias or name: _origin(module, name, entities) for name, alias in each.names}
        elif isinstance(each, Import):
            names |= {alias or name: name for name, alias in each.ids}
    wanted = entities | {name.rpartition(".")[0] for name in entities}
    return {local: name for local, name in names.items() if name in wanted}


def _origin(module: str, name: str, entities: frozenset[str]) -> str:
    """Return the full name of what is imported: a package may hand on the entities in it."""
    package = module.partition(".")[0]
    found = (each for each in entities if each.endswith(f".{name}"))
    return next((each for each in found if each.startswith(f"{package}.")), f"{module}.{name}")


def _assignments(node: object) -> Iterator[AssignmentStmt]:
    """Yield the assignments in ``node``; mypy's own visitors can't be derived from."""
    if isinstance(node, AssignmentStmt):
        yield node
    elif isinstance(node, (list, tuple)):
        for each in node:
            yield from _assignments(each)
    elif isinstance(node, Node) and not isinstance(node, Expression):
        for name in BODIES:
            yield from _assignments(getattr(node, name, None))


def _full_name(expression: Expression, known: Mapping[str, str]) -> str | None:
    if isinstance(expression, NameExpr):
        return known.get(expression.name)
    if isinstance(expression, MemberExpr):
        return f"{_full_name(expression.expr, known)}.{expression.name}"
    return None


def _call(value: IndexExpr) -> CallExpr:
    """Return ``DemoPost.__getitem__(key)`` for ``DemoPost[key]``."""
    method = MemberExpr(value.base, "__getitem__")
    call = CallExpr(method, [value.index], [ARG_POS], [None])
    method.set_line(value)
    call.set_line(value)
    return call


@lru_cache(maxsize=1)
def _find(stub: Path, _changed: int) -> frozenset[str]:
    """Return the full names of the entities that ``stub`` has signatures for."""
    return frozenset(KEYED.findall(stub.read_text(encoding="utf-8")))


@lru_cache(maxsize=1)
def _constructors(all_of_them: TypeInfo) -> dict[str, CallableType]:
    """Return the signatures of the constructors, by the full names of their entities."""
    method = all_of_them.get_method("__init__")
    overloaded = get_proper_type(method.type) if method else None
    found = {}
    for signature in overloaded.items if isinstance(overloaded, FunctionLike) else []:
        receiver = get_proper_type(signature.arg_types[0])
        if isinstance(receiver, Instance):  # the entity, or Exactly[the entity]
            entity = get_proper_type(receiver.args[0]) if receiver.args else receiver
            found[entity.type.fullname if isinstance(entity, Instance) else ""] = signature
    return found


def plugin(_version: str) -> type[Plugin]:
    """Return the plugin, as mypy asks for it."""
    return BerceauPlugin
