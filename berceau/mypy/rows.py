"""What stands for entities in a query, to mypy: overloads of the stubs give it to others."""

from collections.abc import Mapping

from mypy import types  # first of all: the others need it loaded
from mypy.nodes import (
    ARG_POS,
    MDEF,
    Argument,
    Block,
    CallExpr,
    FuncDef,
    MemberExpr,
    NameExpr,
    PassStmt,
    SymbolTableNode,
    TypeInfo,
    Var,
)
from mypy.plugin import ClassDefContext
from mypy.typevars import fill_typevars

from berceau.mypy.keys import is_entity

ENTITY = "pony.orm._entity.Entity"
PRIMARY_KEY = "pony.orm._attributes.PrimaryKey"
ROWS = "pony.orm._rows"
IN_QUERY = "pony.orm._modes"
MODES = {"Row": "_row_", "Item": "_item_", "Items": "_items_"}
"""How an entity is used in a query, and the methods of the stub that give what it is there."""


def complete(context: ClassDefContext, entities: Mapping[str, str]) -> None:
    """Give the class of one of the ``entities`` methods that return what stands for it."""
    entity = context.cls.info
    if entity.fullname.startswith("pony.") or not entity.has_base(ENTITY):
        return
    if not any(map(_is_keyed, entity.mro)):
        _add_key(context)
    if not is_entity(context.cls.fullname, entities):
        return
    names = f"{ROWS}.{context.cls.name}", *(f"{IN_QUERY}.{mode}" for mode in MODES)
    symbols = map(context.api.lookup_fully_qualified_or_none, names)
    found = [each.node for each in symbols if each and isinstance(each.node, TypeInfo)]
    if len(found) == len(names):
        for name, mode in zip(MODES.values(), found[1:], strict=True):
            row = types.Instance(found[0], [types.Instance(mode, [])])
            context.cls.info.names[name] = _method(context, name, row)
    else:
        _defer(context)


def _defer(context: ClassDefContext) -> None:
    """Look at the class again once more is known, if mypy still allows it."""
    if not context.api.final_iteration:
        context.api.defer()


def _is_keyed(entity: TypeInfo) -> bool:
    """Return whether a class declares a key, or was given one."""
    statements = entity.defn.defs.body
    values = (getattr(each, "rvalue", getattr(each, "expr", None)) for each in statements)
    calls = (each.callee for each in values if isinstance(each, CallExpr))
    names = {each.name for each in calls if isinstance(each, (NameExpr, MemberExpr))}
    return "PrimaryKey" in names or "id" in entity.names


def _add_key(context: ClassDefContext) -> None:
    """Give an entity that declares no key the one that Pony does."""
    integer = context.api.named_type("builtins.int")
    declared = context.api.named_type_or_none(PRIMARY_KEY, [integer])
    if declared is None:
        _defer(context)
        return
    key = Var("id", declared)
    key.info = context.cls.info
    key._fullname = f"{context.cls.fullname}.id"
    key.is_initialized_in_class = True
    context.cls.info.names["id"] = SymbolTableNode(MDEF, key, plugin_generated=True)


def in_query(declared: types.Type) -> types.Type:
    """Return a function that takes rows, for one that is ``declared`` to take entities."""
    found = types.get_proper_type(declared)
    if isinstance(found, types.UnionType):
        return types.UnionType([in_query(each) for each in found.items])
    if not isinstance(found, types.CallableType):
        return declared
    return found.copy_modified(arg_types=[_row(each) for each in found.arg_types])


def _row(declared: types.Type) -> types.Type:
    found = types.get_proper_type(declared)
    method = found.type.get_method(MODES["Row"]) if isinstance(found, types.Instance) else None
    result = method.type if method else None
    return result.ret_type if isinstance(result, types.CallableType) else declared


def _method(context: ClassDefContext, name: str, result: types.Type) -> SymbolTableNode:
    """Return a method without arguments: not in the class's body, so overriding isn't checked."""
    entity = fill_typevars(context.cls.info)
    function = context.api.named_type("builtins.function")
    declared = types.CallableType([entity], [ARG_POS], ["self"], result, function, name=name)
    argument = Argument(Var("self"), entity, None, ARG_POS)
    method = FuncDef(name, [argument], Block([PassStmt()]), declared)
    method.info = context.cls.info
    method._fullname = f"{context.cls.fullname}.{name}"
    return SymbolTableNode(MDEF, method, plugin_generated=True)
