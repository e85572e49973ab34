"""The OpenAPI documents of an application, for who isn't a client of it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from berceau.components import discover
from berceau.settings import Settings
from berceau.web.app import make_app
from berceau.web.registry import OPENAPI
from berceau.workflows.serve.component_settings import with_ini

_DIRECTIVE = b"add_openapi"


def openapi_documents(settings: Settings) -> Mapping[str, Mapping[str, Any]]:
    """Return the documents that the components of a project declare, by the paths that serve them.

    Where no component does, nothing is started. Otherwise the application is, as for a developer:
    it needs the database, and the embedded one gets the pending migrations. Raises
    ``BerceauError``.
    """
    components = discover(settings.components)
    sources = (source for component in components for source in component.sources())
    if not any(_DIRECTIVE in source.read_bytes() for source in sources):
        return {}
    application = make_app(replace(with_ini(settings), development=True))
    found: Mapping[str, Mapping[str, Any]] = application.registry.get(OPENAPI, {})
    return found
