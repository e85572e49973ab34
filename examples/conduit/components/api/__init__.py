"""What all APIs of Conduit have in common: the form of their errors, and their document."""

from pyramid.config import Configurator

from .errors import errors_of


def includeme(config: Configurator) -> None:
    """Let all addresses below ``/api`` have no cookies and one form of errors; describe them."""
    config.token_api(prefix="/api", shared=True)
    config.format_errors(errors_of, prefix="/api")
    scheme = {"type": "apiKey", "in": "header", "name": "Authorization"}
    config.add_openapi(
        title="Conduit", version="1", path="/api/openapi.json", security={"token": scheme}
    )
