"""An API's errors in a form of its own: what is answered is what its document says."""

from collections.abc import Callable

import pytest
from jsonschema import validate
from webtest import TestApp

from berceau.errors import ComponentError
from berceau.web import ProblemError

SHOP = """
from pydantic import BaseModel
from pyramid.response import Response
from pyramid.view import view_config

from berceau.errors import ConflictError
from berceau.web import ProblemError
from berceau.web.api import api_view


class Errors(BaseModel):
    messages: list[str]
    code: int


def errors_of(request, problem) -> Errors:
    return Errors(messages=[each["detail"] for each in problem.extensions.get("errors", ())]
                  or [problem.detail], code=problem.status)


def includeme(config):
    config.token_api(prefix="/api")
    config.format_errors(errors_of, prefix="/api"{options})
    config.add_route("shop", "/api/shop")
    config.add_route("item", "/api/shop/{{kind}}")
    config.add_route("page", "/page")
    config.add_openapi(title="Shop", path="/api/openapi.json")


class New(BaseModel):
    title: str


@api_view(route_name="shop", request_method="POST")
def add(request, body: New) -> None:
    \"\"\"Add an item.\"\"\"


@api_view(route_name="item", request_method="GET", errors=(402, 409))
def item(request, kind: str) -> None:
    \"\"\"Show an item.\"\"\"
    if kind == "paid":
        raise ProblemError(402, "Pay first.", headers={{"X-Price": "7"}})
    if kind == "taken":
        raise ConflictError("An item is taken.", kind="taken", attributes=("title",))
    raise RuntimeError(kind)


@view_config(route_name="page")
def page(request):
    raise ProblemError(
        409, "It is sold.", {{"by": "ada"}}, title="Too late", type="https://example.org/sold"
    )
{more}
"""


@pytest.fixture
def shop(serve, component) -> Callable[..., TestApp]:
    """Return a function that serves a shop to programs."""

    def shop(options: str = "", more: str = "") -> TestApp:
        text = SHOP.format(options=options, more=more)
        return TestApp(serve(component("shop", {"__init__.py": text})).app)

    return shop


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "/api/shop/paid", 402, "Pay first."),
        ("GET", "/api/shop/taken", 409, "Nothing was saved. Another entry has the same value"),
        ("GET", "/api/shop/broken", 500, "Nothing was saved. The error is in the log"),
        ("GET", "/api/nothing", 404, "Its address may be mistyped"),
        ("PUT", "/api/shop", 405, "The address takes only these methods: POST."),
        ("POST", "/api/shop", 415, "Send JSON"),
        ("GET", "/api/%ff", 400, "Check the address"),
    ],
)
def test_all_that_berceau_answers_has_the_form(shop, method, path, status, said) -> None:
    answer = shop().request(path, method=method, status=status)
    assert answer.content_type == "application/json"
    assert answer.json["code"] == status
    assert answer.json["messages"][0].startswith(said)


def test_mistakes_of_fields_are_given_to_the_form(shop) -> None:
    answer = shop().post_json("/api/shop", {}, status=422)
    assert answer.json == {"messages": ["Field required"], "code": 422}


def test_the_headers_of_a_refusal_are_kept(shop) -> None:
    assert shop().get("/api/shop/paid", status=402).headers["X-Price"] == "7"


def test_the_document_has_the_form_and_answers_agree_with_it(shop) -> None:
    app = shop(', content_type="application/vnd.shop+json"')
    document = app.get("/api/openapi.json").json
    responses = document["paths"]["/api/shop/{kind}"]["get"]["responses"]
    for status in ("400", "402", "404", "409", "500"):
        content = {"schema": {"$ref": "#/components/schemas/Errors"}}
        assert responses[status]["content"] == {"application/vnd.shop+json": content}
    assert set(document["components"]["schemas"]) == {"Errors", "New"}
    answer = app.get("/api/shop/paid", status=402)
    assert answer.content_type == "application/vnd.shop+json"
    validate(answer.json, document["components"]["schemas"]["Errors"])


def test_elsewhere_errors_stay_as_they_are(shop) -> None:
    app = shop()
    assert app.get("/page", status=409).json == {
        "type": "https://example.org/sold",
        "title": "Too late",
        "status": 409,
        "detail": "It is sold.",
        "by": "ada",
    }
    page = app.get("/page", headers={"Accept": "text/html"}, status=409)
    assert page.html.h1.text == "Too late"


def test_the_longest_prefix_decides(shop) -> None:
    more = """
def first(request, problem) -> list[str]:
    return ["inner"]

outer = includeme

def includeme(config):
    outer(config)
    config.format_errors(first, prefix="/api/inner")
"""
    app = shop(more=more)
    assert app.get("/api/inner/x", status=404).json == ["inner"]
    assert app.get("/api/innermost", status=404).json["code"] == 404


def test_a_form_that_fails_leaves_the_problem(shop, caplog) -> None:
    more = """
def errors_of(request, problem) -> Errors:
    return {"messages": problem.missing}
"""
    answer = shop(more=more).get("/api/nothing", status=404)
    assert answer.content_type == "application/problem+json"
    assert answer.json["status"] == 404
    assert "status 404 has no form" in caplog.text


@pytest.mark.parametrize(
    ("annotation", "said"), [("", "has none"), (" -> object()", "schema"), (' -> "No"', "No")]
)
def test_a_form_without_a_type_is_refused_with_its_line(shop, annotation, said) -> None:
    with pytest.raises(ComponentError, match=said) as refused:
        shop(more=f"\ndef errors_of(request, problem){annotation}:\n    return None\n")
    assert "-> Errors" in refused.value.cure
    assert refused.value.where.component == "shop"
    assert refused.value.where.line


def test_two_forms_for_one_prefix_are_refused(shop) -> None:
    more = "\nbefore = includeme\ndef includeme(config):\n    before(config)\n"
    more += '    config.format_errors(errors_of, prefix="/api/")\n'
    with pytest.raises(ComponentError, match="the form of the errors below /api"):
        shop(more=more)


@pytest.mark.parametrize("status", [200, 304, 600])
def test_a_problem_has_the_status_of_an_error(status) -> None:
    with pytest.raises(ValueError, match=str(status)):
        ProblemError(status, "It went well.")
