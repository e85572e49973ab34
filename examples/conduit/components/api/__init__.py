"""What all APIs of Conduit have in common: the form of their errors, and their document."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Serve the OpenAPI document."""
    config.token_api(prefix="/api")
    scheme = {"type": "apiKey", "in": "header", "name": "Authorization"}
    config.add_openapi(
        title="Conduit", version="1", path="/api/openapi.json", security={"token": scheme}
    )
