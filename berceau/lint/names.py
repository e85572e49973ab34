"""What the names of a module mean, as far as its imports tell."""

import ast
import builtins
from collections.abc import Iterator, Sequence

Nodes = Sequence[ast.AST]
"""All nodes of a module, outer ones before those inside of them."""


class Names:
    """The names that a module imports, and those that it defines."""

    def __init__(self, nodes: Nodes) -> None:
        self._origins = dict(_imported(nodes))
        self._defined = set(_defined(nodes))

    def __contains__(self, package: str) -> bool:
        """Say whether anything is imported from ``package`` or below it."""
        return any(f"{origin}.".startswith(f"{package}.") for origin in self._origins.values())

    def origin(self, node: ast.AST) -> str | None:
        """Return where an expression comes from: ``datetime.datetime.now``, ``builtins.sorted``."""
        match node:
            case ast.Attribute(value=value, attr=attribute):
                origin = self.origin(value)
                return None if origin is None else f"{origin}.{attribute}"
            case ast.Name(id=name):
                if name in self._origins:
                    return self._origins[name]
                if hasattr(builtins, name) and name not in self._defined:
                    return f"builtins.{name}"
        return None


def _imported(nodes: Nodes) -> Iterator[tuple[str, str]]:
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.name if alias.asname else alias.name.partition(".")[0]
                yield alias.asname or name, name
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            for alias in node.names:
                if alias.name != "*":
                    yield alias.asname or alias.name, f"{module}.{alias.name}"
                elif module == "pony.orm":
                    import pony.orm  # costs more than to examine a hundred files

                    yield from (
                        (name, f"pony.orm.{name}") for name in vars(pony.orm) if name[0] != "_"
                    )


def _defined(nodes: Nodes) -> Iterator[str]:
    for node in nodes:
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
