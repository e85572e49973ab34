"""Chameleon templates for Pyramid: ``.pt`` renderers that share one layout."""

import sys
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from functools import cached_property
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from chameleon import PageTemplateFile
from chameleon.loader import ModuleLoader
from pyramid.config import Configurator
from pyramid.path import AssetResolver

from berceau.web.registry import settings_of
from berceau.workflows.shared.files import kept_in

KEPT = 7 * 24 * 3600.0
"""How long a compiled template is kept, in seconds: each change of a template makes another."""

LAYOUT = "berceau.web:templates/layout.pt"

VERSIONS = f"{version('chameleon')} {sys.version}"

# Those a template may give True or False; Chameleon's own list predates HTML5.
BOOLEAN_ATTRIBUTES = {
    *("async", "autofocus", "checked", "controls", "defer", "disabled", "formnovalidate"),
    *("hidden", "inert", "loop", "multiple", "muted", "novalidate", "open", "readonly"),
    *("required", "reversed", "selected"),
}


def includeme(config: Configurator) -> None:
    """Let every renderer whose name ends with ``.pt`` be a Chameleon template."""
    options = config.get_settings()
    project = settings_of(options)
    # A developer's application starts again after each change, and compiles nothing twice.
    cache = kept_in(project.cache / "templates") if project.development else None
    if cache is not None:
        _sweep(cache)
    config.add_renderer(".pt", Templates(auto_reload=options["reload_templates"], cache=cache))


class Template(PageTemplateFile):
    """A template whose compiled form has a name that depends on all it was made of."""

    def digest(self, body: str, names: Collection[str]) -> str:  # noqa: ARG002 - Chameleon's
        """Return that name; Chameleon's own has the versions of all that is installed."""
        # What is compiled notes its file, to show where it failed: two of one text are two.
        made_of = (str(self.filename), body, VERSIONS, *sorted(BOOLEAN_ATTRIBUTES))
        return sha256("\0".join(made_of).encode("utf-8", "ignore")).hexdigest()


def _sweep(cache: Path) -> None:
    """Clear away what was compiled long ago from the folder ``cache``, which may be in use."""
    for file in cache.rglob("*.py*"):
        with suppress(FileNotFoundError):
            if file.is_file() and file.stat().st_mtime < time.time() - KEPT:
                file.unlink()


class Templates:
    """The renderer factory: every template of one application, compiled once.

    A name is relative to the package that uses it, or an asset such as
    ``berceau.web:templates/layout.pt``. ``auto_reload`` looks for changes at each use; the folder
    ``cache`` keeps what was compiled.
    """

    def __init__(self, *, auto_reload: bool, cache: Path | None = None) -> None:
        self._options: dict[str, Any] = {
            "auto_reload": auto_reload,
            "boolean_attributes": BOOLEAN_ATTRIBUTES,
        }
        if cache is not None:
            self._options["loader"] = ModuleLoader(str(cache))
        self._templates: dict[str, PageTemplateFile] = {}
        self._renderers: dict[tuple[str, str], Renderer] = {}

    def __call__(self, info: Any) -> "Renderer":
        """Return the renderer that Pyramid's ``IRendererInfo`` asks for, at each request."""
        key = info.package.__name__, info.name
        if key not in self._renderers:
            path = AssetResolver(info.package).resolve(info.name).abspath()
            self._renderers[key] = Renderer(self, path)
        return self._renderers[key]

    @cached_property
    def layout(self) -> PageTemplateFile:
        """The template of all pages."""
        return self.load(AssetResolver().resolve(LAYOUT).abspath())

    def load(self, path: str) -> PageTemplateFile:
        """Return the template in the file ``path``; it is read when first rendered."""
        if path not in self._templates:
            self._templates[path] = Template(path, **self._options)
        return self._templates[path]


class Renderer:
    """Renders one template, which may ``metal:use-macro="layout"``."""

    def __init__(self, templates: Templates, path: str) -> None:
        self._templates = templates
        self._path = path

    def __call__(self, value: Mapping[str, Any], system: Mapping[str, Any]) -> str:
        """Return the page that the view's ``value`` makes; ``system`` is what Pyramid adds."""
        if not isinstance(value, Mapping):
            raise TypeError(
                f"The view of {self._path} returned {type(value).__name__}: "
                "a template needs a dictionary."
            )
        layout = self._templates.layout
        page: str = self._templates.load(self._path)(**{**system, "layout": layout, **value})
        return page
