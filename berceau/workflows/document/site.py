"""A description as a site of HTML pages, which works from a folder, without a server."""

from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from chameleon import PageTemplateFile

import berceau
from berceau.workflows.describe.description import Description
from berceau.workflows.describe.diagram import to_diagram
from berceau.workflows.describe.prose import paragraphs
from berceau.workflows.document import scripts
from berceau.workflows.document.marks import BLOCK, HTML

_TEMPLATES = Path(__file__).with_name("site")
_STYLES = (Path(berceau.__file__).parent / "web/static/berceau.css", _TEMPLATES / "site.css")
"""The colours and elements of every page of Berceau, and what only this site has."""
OTHERS = "others.html"


def files(description: Description, apis: Collection[str] = ()) -> Mapping[str, str]:
    """Return the pages, with their style: an index, which links to ``apis``, and components."""
    style = "\n".join(path.read_text(encoding="utf-8") for path in _STYLES)
    found = {
        "index.html": _page("index", description, base="", apis=apis),
        "style.css": f"{BLOCK}\n{style}",
        **scripts.scripts(),
    }
    for each in description.components:
        found[f"components/{each.name}.html"] = _page(
            "component", description, base="../", name=each.name, component=each
        )
    if description.has_others:
        found[OTHERS] = _page("component", description, base="", name=None, component=None)
    return found


def href(description: Description, base: str, table: str) -> str | None:
    """Return the address of a table from a page whose way to the index is ``base``."""
    found = description.table(table)
    if found is None:
        return None
    page = f"components/{found.component}.html" if found.component else OTHERS
    return f"{base}{page}#table-{table}"


def _page(template: str, description: Description, *, base: str, **values: Any) -> str:
    page: str = _template(template)(
        layout=_template("layout"),
        mark=HTML,
        description=description,
        base=base,
        href=lambda table: href(description, base, table),
        paragraphs=paragraphs,
        drawn=lambda component: scripts.data(_drawn(description, base, component)),
        picture=scripts.style(),
        **{"name": None, "component": None, **values},
    )
    return page


def _drawn(description: Description, base: str, component: str | None) -> dict[str, Any]:
    """Return the diagram of a component with those tables that it has keys with, or of all."""
    drawn = to_diagram(description)
    own = {each["name"] for each in drawn["tables"] if component in (None, each["group"])}
    keys = [each for each in drawn["keys"] if {each["table"], each["target"]} & own]
    near = own | {each[end] for each in keys for end in ("table", "target")}
    return {
        **drawn,
        "keys": keys,
        "tables": [
            {**each, "href": href(description, base, each["name"])}
            for each in drawn["tables"]
            if each["name"] in near
        ],
    }


@cache
def _template(name: str) -> PageTemplateFile:
    return PageTemplateFile(str(_TEMPLATES / f"{name}.pt"), auto_reload=False)
