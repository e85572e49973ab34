"""What mypy asks the plugin: how an entity is made, looked up and changed, and what relates."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from secrets import token_hex

from mypy import types  # first of all: the others need it loaded
from mypy.errorcodes import ARG_TYPE, ATTR_DEFINED
from mypy.expandtype import expand_type
from mypy.nodes import (
    ARG_NAMED,
    ARG_NAMED_OPT,
    ARG_STAR2,
    MypyFile,
    StrExpr,
    SymbolNode,
    TypeAlias,
    TypeInfo,
)
from mypy.options import Options
from mypy.plugin import (
    AttributeContext,
    ClassDefContext,
    FunctionSigContext,
    MethodSigContext,
    Plugin,
    ReportConfigContext,
)
from mypy.typeops import make_simplified_union
from mypy.typevars import fill_typevars

from berceau.mypy.keys import is_entity, make_calls
from berceau.mypy.rows import ENTITY, complete, in_query

RELATIONS = {
    f"pony.orm._attributes.{name}" for name in ("Required", "Optional", "PrimaryKey", "Set")
}
TAKES = {
    "set": "Set",
    "get": "Find",
    "get_for_update": "Find",
    "exists": "Find",
    "get_or_create": "Find",
    "upsert": "Find",
    "bulk_create": "Row",
    "select": "Find",
    "filter": "Find",
    "where": "Find",
    "create": "Item",
    "__getitem__": "Key",
}
"""What methods take, as the definitions of the stub are called."""
DEFAULTS = {
    "get_or_create": {"defaults": "Defaults"},
    "upsert": {"defaults": "Set", "create_defaults": "Defaults"},
}
"""What methods take as dictionaries, by the names of their parameters."""
ADDED = "pony.orm._added._Apart"
"""What other modules add to an entity by a name that the class of another one has."""
GENERIC = {"pony.orm._query.Query", "pony.orm._collection.SetInstance"}
"""Classes whose methods take values of their items."""
PROJECT = "pony.orm._project"
PROJECT_FILE = "pony/orm/_project.pyi"
KEY = re.compile(
    r"^\s*\w+\s*(=[\s(]*[\w.]+\[|:.+=\s*(Required|Optional|PrimaryKey)\()", re.MULTILINE
)
WORD = re.compile(r"\w+")
KEYED = re.compile(r"def _key_\(self: \w+\[([\w.]+)\]")


class BerceauPlugin(Plugin):
    """Knows what entities take, and that ``DemoPost[key]`` is an object."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        stubs = (Path(folder, PROJECT_FILE) for folder in options.mypy_path)
        self._stub = next(filter(Path.is_file, stubs), None)

    def get_function_signature_hook(
        self, fullname: str
    ) -> Callable[[FunctionSigContext], types.FunctionLike] | None:
        """Return what types a call of ``fullname``, where that is an entity or a relation."""
        if fullname in RELATIONS:
            return self._relate
        return self._construct if self._is_entity_class(fullname) else None

    def get_method_signature_hook(
        self, fullname: str
    ) -> Callable[[MethodSigContext], types.FunctionLike] | None:
        """Return what types a call of the method ``fullname``, where that is an entity's."""
        entity_class, _, name = fullname.rpartition(".")
        if entity_class in GENERIC:
            return lambda context: self._of_items(context, TAKES.get(name))
        if name not in TAKES or not self._is_entity_class(entity_class):
            return None
        if name == "__getitem__":
            return lambda context: self._with_key(context.default_signature, entity_class)
        if name == "bulk_create":
            return lambda context: self._with_rows(context.default_signature, entity_class)
        if name in DEFAULTS:
            return lambda context: self._with_values(
                self._with_defaults(context.default_signature, entity_class, DEFAULTS[name]),
                *(entity_class, TAKES[name]),
            )
        return lambda context: self._with_values(
            context.default_signature, entity_class, TAKES[name]
        )

    def get_attribute_hook(self, fullname: str) -> Callable[[AttributeContext], types.Type] | None:
        """Return what types the attribute ``fullname``, where another module may have added it."""
        owner, _, name = fullname.rpartition(".")
        return (lambda context: self._with_added(context, name)) if owner == ADDED else None

    def get_base_class_hook(self, _fullname: str) -> Callable[[ClassDefContext], None] | None:
        """Return what completes an entity's class, whichever class it derives from."""
        return lambda context: complete(context, self._entities())

    def get_additional_deps(self, file: MypyFile) -> list[tuple[int, str, int]]:
        """Make ``DemoPost[key]`` a call in ``file``, before mypy reads it.

        Returns the stub with the definitions where ``file`` may use them.
        """
        return [(10, PROJECT, -1)] if make_calls(file, self._entities()) else []

    def report_config_data(self, ctx: ReportConfigContext) -> str | None:
        """Return something new for a module that mypy has to parse: it may have changed its code.

        A module that mypy only checks again, since another one changed, doesn't pass the method
        above.
        """
        path = Path(ctx.path)
        if path.suffix != ".py" or not path.is_file() or "site-packages" in path.parts:
            return None
        text = path.read_text(encoding="utf-8", errors="ignore")
        names = {part for each in self._entities().values() for part in each.split(".")[-2:]}
        return token_hex(8) if KEY.search(text) and names & set(WORD.findall(text)) else None

    def _entities(self) -> Mapping[str, str]:
        """Return the full names of the entities by their names, which are unique in a project."""
        return _find(self._stub, self._stub.stat().st_mtime_ns) if self._stub else {}

    def _is_entity_class(self, fullname: str) -> bool:
        symbol = self.lookup_fully_qualified(fullname)
        return bool(symbol and isinstance(symbol.node, TypeInfo) and symbol.node.has_base(ENTITY))

    def _construct(self, context: FunctionSigContext) -> types.FunctionLike:
        loose = context.default_signature
        entity = types.get_proper_type(loose.ret_type)
        if loose.arg_kinds != [ARG_STAR2] or not isinstance(entity, types.Instance):
            return loose  # it has a constructor of its own
        return self._with_values(loose, entity.type.fullname, "New")

    def _of_items(self, context: MethodSigContext, kind: str | None) -> types.FunctionLike:
        """Type a method of a query or of a collection by the entity of its items.

        A function that it takes gets what stands for the entity in a query, and an overload
        without arguments gets the keywords of ``kind``.
        """
        loose = context.default_signature
        owner = types.get_proper_type(context.type)
        item = types.get_proper_type(owner.args[0]) if isinstance(owner, types.Instance) else None
        if kind and not loose.arg_kinds and isinstance(item, types.Instance):
            return self._with_values(loose, item.type.fullname, kind)
        return loose.copy_modified(arg_types=[in_query(each) for each in loose.arg_types])

    def _with_values(self, loose: types.CallableType, entity: str, kind: str) -> types.CallableType:
        """Return ``loose`` with keywords for its ``**values``, where the build knew ``entity``."""
        symbol = self._defined(entity, kind)
        values = symbol.typeddict_type if isinstance(symbol, TypeInfo) else None
        if values is None or (loose.arg_kinds and loose.arg_kinds[-1] != ARG_STAR2):
            return loose
        kinds = (
            ARG_NAMED if name in values.required_keys else ARG_NAMED_OPT for name in values.items
        )
        return loose.copy_modified(
            arg_types=[*loose.arg_types[:-1], *values.items.values()],
            arg_kinds=[*loose.arg_kinds[:-1], *kinds],
            arg_names=[*loose.arg_names[:-1], *values.items],
        )

    def _with_defaults(
        self, loose: types.CallableType, entity: str, kinds: Mapping[str, str]
    ) -> types.CallableType:
        """Return ``loose`` with what its parameters take that are called as in ``kinds``."""
        found = []
        for name, kind in zip(loose.arg_names, loose.arg_types, strict=True):
            symbol = self._defined(entity, kinds.get(name or "", ""))
            values = symbol.typeddict_type if isinstance(symbol, TypeInfo) else None
            found.append(values or kind)
        return loose.copy_modified(arg_types=found)

    def _with_rows(self, loose: types.CallableType, entity: str) -> types.CallableType:
        """Return ``loose`` with the rows that ``bulk_create()`` takes, and the keys it returns."""
        row, key = self._defined(entity, "Row"), self._defined(entity, "Key")
        rows, result = (
            types.get_proper_type(each) for each in (loose.arg_types[0], loose.ret_type)
        )
        if not (
            isinstance(row, TypeInfo) and row.typeddict_type and isinstance(key, TypeAlias)
        ) or not (isinstance(rows, types.Instance) and isinstance(result, types.Instance)):
            return loose
        return loose.copy_modified(
            arg_types=[rows.copy_modified(args=[row.typeddict_type]), *loose.arg_types[1:]],
            ret_type=result.copy_modified(args=[key.target]),
        )

    def _with_key(self, loose: types.CallableType, entity: str) -> types.CallableType:
        symbol = self._defined(entity, "Key")
        if not isinstance(symbol, TypeAlias):
            return loose
        return loose.copy_modified(arg_types=[symbol.target])

    def _defined(self, entity: str, kind: str) -> SymbolNode | None:
        """Return the definition of a ``kind`` of values that ``entity`` takes."""
        if not is_entity(entity, self._entities()):
            return None
        symbol = self.lookup_fully_qualified(f"{PROJECT}._{entity.rpartition('.')[2]}{kind}")
        return symbol.node if symbol else None

    def _with_added(self, context: AttributeContext, name: str) -> types.Type:
        """Return what another module added as ``name``, also where a part of a union has it."""
        if name.startswith("__"):  # asked for a protocol, which Any would satisfy
            return context.default_attr_type
        receivers = map(types.get_proper_type, types.flatten_nested_unions([context.type]))
        found: list[types.Type] = []
        for receiver in receivers:
            if not isinstance(receiver, types.Instance) or receiver.type.get(name):
                continue  # nothing, or it declares the name itself
            added = self._added_to(receiver.type, name)
            if added:
                found.append(added)
            elif receiver.type.has_base(ADDED):
                message = f'"{receiver.type.name}" has no attribute "{name}"'
                context.api.fail(message, context.context, code=ATTR_DEFINED)
        return make_simplified_union(found) if found else types.AnyType(types.TypeOfAny.from_error)

    def _added_to(self, entity: TypeInfo, name: str) -> types.Type | None:
        for base in entity.mro:
            symbol = self.lookup_fully_qualified(f"{ADDED}.{base.name}_{name}")
            if symbol and isinstance(symbol.node, TypeAlias):
                return symbol.node.target
        return None

    def _relate(self, context: FunctionSigContext) -> types.FunctionLike:
        """Type a relation that names its entity as a string, in the overload for relations."""
        loose = context.default_signature
        name = context.args[0][0] if context.args and context.args[0] else None
        entity = next((each for each in loose.variables if _is_entity_variable(each)), None)
        if not isinstance(name, StrExpr) or entity is None:
            return loose
        related = self._related(name.value, context)
        result = expand_type(loose.ret_type, {entity.id: related})
        string = context.api.named_generic_type("builtins.str", [])
        return loose.copy_modified(
            arg_types=[string, *loose.arg_types[1:]], ret_type=result, variables=[]
        )

    def _related(self, name: str, context: FunctionSigContext) -> types.Type:
        here: MypyFile = context.api.tree  # type: ignore[attr-defined]
        for fullname in (f"{here.fullname}.{name}", self._entities().get(name)):
            symbol = self.lookup_fully_qualified(fullname) if fullname else None
            if symbol and isinstance(symbol.node, TypeInfo):
                return fill_typevars(symbol.node)
        context.api.fail(f'No entity is called "{name}"', context.context, code=ARG_TYPE)
        return types.AnyType(types.TypeOfAny.from_error)


def _is_entity_variable(variable: types.TypeVarLikeType) -> bool:
    bound = types.get_proper_type(variable.upper_bound)
    return isinstance(bound, types.Instance) and bound.type.fullname == ENTITY


@lru_cache(maxsize=1)
def _find(stub: Path, _changed: int) -> Mapping[str, str]:
    """Return the full names of the entities that ``stub`` has definitions for, by their names."""
    found = KEYED.findall(stub.read_text(encoding="utf-8"))
    return {name.rpartition(".")[2]: name for name in found}
