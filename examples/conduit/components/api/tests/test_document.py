"""The OpenAPI document describes the whole API, and the API answers as it says."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

# No schema says which texts have nothing to see in them.
UNCHECKED = [positive_data_acceptance]
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def test_the_document_has_all_addresses(app: Any) -> None:
    document = app.get("/api/openapi.json").json
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) >= {"/api/users", "/api/articles", "/api/tags"}
    for methods in document["paths"].values():
        for operation in methods.values():
            assert operation["summary"]
            refused = operation["responses"]["500"]["content"]["application/json"]["schema"]
            assert refused == {"$ref": "#/components/schemas/Errors"}


@pytest.mark.slow
@pytest.mark.parametrize("signed_in", [True, False])
def test_each_answer_is_as_the_document_says(app: Any, ada: Any, signed_in: bool) -> None:
    ada.publish("Tea")
    headers = {"Authorization": f"Token {ada.token}"} if signed_in else {}
    document: Any = schemathesis.openapi.from_wsgi("/api/openapi.json", app.app)
    for operation in document.get_all_operations():
        check(operation.ok(), headers)


def check(operation: Any, headers: dict[str, str]) -> None:
    @settings(max_examples=5, deadline=None, suppress_health_check=SLOW)
    @given(case=operation.as_strategy())
    def answer(case: Any) -> None:
        case.call_and_validate(headers=headers, excluded_checks=UNCHECKED)

    answer()
