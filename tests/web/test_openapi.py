"""The OpenAPI document: true to routes and types, valid by its specification, complete."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from openapi_spec_validator import validate
from webtest import TestApp

from berceau.errors import ComponentError

SHOP = '''
from enum import StrEnum

from pydantic import BaseModel, Field

from berceau.web.api import Page, api_view


def includeme(config):
    config.add_route("shop", "/shop")
    config.add_route("shop.item", r"/shop/{{number:\\d{{1,9}}}}")
    config.add_route("shop.files", "/files/{{slug}}/*rest")
    config.add_openapi(title="Shop", version="2"{options})


class Colour(StrEnum):
    RED = "red"


class Maker(BaseModel):
    name: str


class New(BaseModel):
    title: str = Field(max_length=20)
    makers: list[Maker] = []


class Item(New):
    number: int


class Asked(BaseModel):
    colour: Colour = Field(Colour.RED, description="What it looks like.")
    tag: list[str] = []


@api_view(route_name="shop", request_method="GET")
def items(request, query: Asked) -> Page[Item]:
    """List what the shop has.

    All of it, ``red`` first.
    """


@api_view(route_name="shop", request_method="POST", status=201, require_csrf=False)
def add(request, body: New) -> Item:
    """Add an item."""


@api_view(route_name="shop.item", request_method=("GET", "DELETE"), errors=(304, 410))
def item(request, number: int) -> None:
    """Show or delete one."""


@api_view(route_name="shop.files", request_method="GET", document={document})
def files(request, slug: str, rest: tuple[str, ...]) -> list[str]:
    return list(rest)
{more}
'''


@pytest.fixture
def document(serve, component) -> Callable[..., dict[str, Any]]:
    """Return a function that returns the document of the shop."""

    def document(
        more: str = "", options: str = "", files: bool = True, path: str = "/openapi.json"
    ) -> dict[str, Any]:
        text = SHOP.format(more=more, options=options, document=files)
        app: TestApp = serve(component("shop", {"__init__.py": text}))
        answer = app.get(path)
        assert answer.content_type == "application/json"
        return answer.json

    return document


def test_it_is_valid_and_has_each_operation(document) -> None:
    found = document()
    validate(found)
    assert (found["openapi"], found["info"]) == ("3.1.0", {"title": "Shop", "version": "2"})
    operations = {
        (path, method): each["operationId"]
        for path, methods in found["paths"].items()
        for method, each in methods.items()
    }
    assert operations == {
        ("/files/{slug}/{rest}", "get"): "shop_files_files",
        ("/shop", "get"): "shop_items",
        ("/shop", "post"): "shop_add",
        ("/shop/{number}", "delete"): "shop_item_item_delete",
        ("/shop/{number}", "get"): "shop_item_item_get",
    }


def test_the_docstring_describes_an_operation(document) -> None:
    listed = document()["paths"]["/shop"]["get"]
    assert listed["summary"] == "List what the shop has."
    assert listed["description"] == "All of it, `red` first."
    assert listed["tags"] == ["shop"]


def test_parameters_come_from_the_pattern_and_the_query_model(document) -> None:
    paths = document()["paths"]
    assert paths["/shop/{number}"]["get"]["parameters"] == [
        {"name": "number", "in": "path", "required": True, "schema": {"type": "integer"}}
    ]
    listed = {each["name"]: each for each in paths["/shop"]["get"]["parameters"]}
    assert set(listed) == {"colour", "tag"}
    assert listed["colour"]["description"] == "What it looks like."
    assert listed["tag"]["schema"]["items"] == {"type": "string"}


def test_bodies_and_results_refer_to_the_models(document) -> None:
    found = document()
    created = found["paths"]["/shop"]["post"]
    schemas = found["components"]["schemas"]
    sent = created["requestBody"]["content"]["application/json"]["schema"]
    assert sent == {"$ref": "#/components/schemas/New"}
    shown = created["responses"]["201"]["content"]["application/json"]["schema"]
    assert shown == {"$ref": "#/components/schemas/Item"}
    assert set(schemas) == {"Colour", "Item", "Maker", "New", "Page_Item_", "Problem"}
    assert schemas["New"]["properties"]["title"]["maxLength"] == 20


def test_each_operation_lists_the_statuses_that_it_may_answer_with(document) -> None:
    paths = document()["paths"]
    every = {"400", "500", "503"}
    assert set(paths["/shop"]["get"]["responses"]) == {"200", "413", "422"} | every
    assert set(paths["/shop"]["post"]["responses"]) == {
        *("201", "409", "413", "415", "422", *every)
    }
    assert set(paths["/shop/{number}"]["delete"]["responses"]) == {
        *("204", "304", "404", "409", "410", *every)
    }
    missing = paths["/shop/{number}"]["get"]["responses"]["404"]
    assert list(missing["content"]) == ["application/problem+json"]
    assert paths["/shop/{number}"]["get"]["responses"]["304"] == {"description": "Not Modified"}


def test_a_view_may_be_left_out(document) -> None:
    assert "/files/{slug}/{rest}" not in document(files=False)["paths"]


def test_a_token_api_says_how_programs_prove_who_they_are(document) -> None:
    more = """
@api_view(route_name="shop", request_method="PUT", token_api=True)
def change(request) -> None: ...

@api_view(route_name="shop", request_method="PATCH", token_api=True, permission="change")
def refine(request) -> None: ...
"""
    found = document(more)
    validate(found)
    assert found["components"]["securitySchemes"] == {"token": {"type": "http", "scheme": "bearer"}}
    assert found["paths"]["/shop"]["put"]["security"] == [{"token": []}, {}]
    assert found["paths"]["/shop"]["patch"]["security"] == [{"token": []}]
    assert {"401", "403"} <= set(found["paths"]["/shop"]["patch"]["responses"])
    assert "security" not in found["paths"]["/shop"]["get"]


def test_it_is_the_same_at_each_start(document) -> None:
    assert json.dumps(document()) == json.dumps(document())


def test_two_operations_of_one_name_are_refused(document) -> None:
    more = """
@api_view(route_name="shop", request_method="PUT", operation_id="shop_add")
def change(request) -> None: ...
"""
    with pytest.raises(ComponentError, match="has the name shop_add in the OpenAPI") as caught:
        document(more)
    assert caught.value.where.component == "shop"


def test_parts_of_an_address_that_are_many_arrive_as_a_tuple(serve, component) -> None:
    text = SHOP.format(more="", options="", document=True)
    app = serve(component("shop", {"__init__.py": text}))
    assert app.get("/files/a/b/c%2Fd").json == ["b", "c", "d"]


def test_it_describes_what_is_below_its_folder(document) -> None:
    found = document(options=', path="/shop/openapi.json"', path="/shop/openapi.json")
    assert set(found["paths"]) == {"/shop", "/shop/{number}"}
