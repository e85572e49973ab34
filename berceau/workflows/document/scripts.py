"""The diagram's modules as one script: pages from a disk can't load modules, nor workers."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import berceau
from berceau.workflows.document.marks import BLOCK, HTML

_STATIC = Path(berceau.__file__).parent / "console/static"
_MODULES = _STATIC / "diagram"
_ELK = _STATIC / "vendor/elkjs"
_ENTRY = "docs.js"

_IMPORT = re.compile(r"^import (\{[^}]*\}) from '\./([\w.-]+)';$", re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?(?:function\*?|class|const) (\w+))", re.MULTILINE)


@cache
def scripts() -> Mapping[str, str]:
    """Return the files that draw diagrams: the script, its style, and ELK with its licence."""
    return {
        "diagram.js": f"{BLOCK}\n{_bundle()}",
        "elk.js": f"{BLOCK}\n/* elkjs, unchanged; its licence is elk-licence.html */\n"
        + (_ELK / "elk-worker.min.js").read_text(encoding="utf-8"),
        "elk-licence.html": f"<!DOCTYPE html>\n{HTML}\n<title>Licence of elkjs</title>\n<pre>"
        + _escaped((_ELK / "LICENSE.md").read_text(encoding="utf-8"))
        + "</pre>\n",
    }


def style() -> str:
    """Return the rules of the picture."""
    return (_STATIC / "diagram.css").read_text(encoding="utf-8")


def data(drawn: Mapping[str, Any]) -> str:
    """Return JSON that can stand in an element: no text in it ends that."""
    return json.dumps(drawn, ensure_ascii=False).replace("<", "\\u003c")


def _bundle() -> str:
    """Return all modules that the entry needs, each as a function that returns its exports."""
    parts = [
        f"modules['{name}'] = (() => {{\n{_as_function(name)}}})();" for name in _order(_ENTRY)
    ]
    return "\n".join(("(() => {", "'use strict';", "const modules = {};", *parts, "})();", ""))


def _order(name: str) -> Iterator[str]:
    """Yield the modules that ``name`` needs, and itself, each after those that it imports."""
    done: dict[str, None] = {}

    def visit(each: str) -> None:
        for _, needed in _IMPORT.findall(_source(each)):
            if needed not in done:
                visit(needed)
        done[each] = None

    visit(name)
    yield from done


def _as_function(name: str) -> str:
    text = _source(name)
    exported = ", ".join(found for _, found in _EXPORT.findall(text))
    body = _EXPORT.sub(r"\1", _IMPORT.sub(r"const \1 = modules['\2'];", text))
    return f"{body}return {{ {exported} }};\n"


def _source(name: str) -> str:
    return (_MODULES / name).read_text(encoding="utf-8")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
