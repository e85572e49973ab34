"""The OpenAPI document describes the whole API."""

from typing import Any


def test_the_document_has_all_addresses(app: Any) -> None:
    document = app.get("/api/openapi.json").json
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) >= {"/api/users", "/api/articles", "/api/tags"}
    for methods in document["paths"].values():
        for operation in methods.values():
            assert operation["summary"]
