"""``@api_view``: what it reads from a request, what it writes, and which signatures it refuses."""

import gzip
import json

import pytest
from webtest import TestApp, TestResponse

from tests.web.api_component import HEADER, QUERY

ECHO = """
@api_view(route_name="things", request_method="POST", status=201)
def create(request, body: New) -> New:
    return body
"""


@pytest.fixture
def echo(api) -> TestApp:
    """An application whose view returns the body that it gets."""
    return api(ECHO)


def mistakes(response) -> dict[str, str]:
    """Return the details of the mistakes, by pointer or parameter."""
    assert response.content_type == "application/problem+json"
    return {
        error.get("pointer", error.get("parameter")): error["detail"]
        for error in response.json["errors"]
    }


def post(app, body: object, **options) -> TestResponse:
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    return app.post("/things", text, content_type="application/json", **options)


def test_a_body_arrives_as_its_model_and_the_result_is_written(echo) -> None:
    answer = post(echo, {"title": "One", "on": "2026-01-02", "by": [{"name": "Ada"}]}, status=201)
    assert answer.content_type == "application/json"
    assert answer.json == {
        "title": "One",
        "on": "2026-01-02",
        "by": [{"name": "Ada", "age": None}],
    }


def test_all_mistakes_are_told_at_once_each_with_its_place(echo) -> None:
    sent = {"on": "soon", "by": [{"name": "Ada"}, {"name": "", "age": "3"}, {}]}
    found = mistakes(post(echo, sent, status=422))
    assert list(found) == ["#/title", "#/on", "#/by/1/name", "#/by/1/age", "#/by/2/name"]
    assert found["#/title"] == "Field required"


def test_what_was_sent_is_not_shown(echo) -> None:
    assert "hunter2" not in post(echo, {"title": ["hunter2"]}, status=422).text


def test_a_validator_of_the_model_speaks_for_itself(echo) -> None:
    found = mistakes(post(echo, {"title": "taken"}, status=422))
    assert found == {"#/title": "This title is taken."}


@pytest.mark.parametrize("title", ["a\x00b", "\ud800", "b\udfff"])
def test_text_that_can_not_be_stored_is_a_mistake_of_its_field(echo, title) -> None:
    found = mistakes(post(echo, {"title": title, "by": [{"name": "Ada", title: 1}]}, status=422))
    assert set(found) >= {"#/title"}
    assert len(found) == 2


def test_a_text_that_must_be_seen_loses_the_spaces_around_it(api) -> None:
    app = api("""
class Seen(BaseModel):
    title: api.NonBlankStr = Field(max_length=3)

@api_view(route_name="things", request_method="POST")
def create(request, body: Seen) -> str:
    return body.title
""")
    assert post(app, {"title": " a "}).json == "a"
    for blank in ("", " ", "\u200b", "abcd", "abc "):
        assert set(mistakes(post(app, {"title": blank}, status=422))) == {"#/title"}


@pytest.mark.parametrize("text", ["a\\b/~1", "é €", "😀", "\\u0000"])
def test_other_text_arrives_as_it_is(echo, text) -> None:
    assert post(echo, {"title": text}, status=201).json["title"] == text


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ("", "isn't JSON"),
        ("{", "isn't JSON: Expecting property name"),
        ('{"title": "a", "title": "b"}', "two members of one name"),
        ('{"title": NaN}', "NaN is no number"),
        ('{"title": -Infinity}', "-Infinity is no number"),
        ('{"title": 1e999}', "a number is too large"),
        ('{"title": ' + "9" * 5000 + "}", "isn't JSON: a number is too large."),
        ('{"title": ' + "[" * 300 + "]" * 300 + "}", "nested too deep"),
        ("[" * 100_000, "nested too deep"),
        (b'{"title": "\xff"}', "UTF-8"),
        ('{"title": "a"}'.encode("utf-16"), "UTF-8"),
        (b'\xef\xbb\xbf{"title": "a"}', "isn't JSON"),
    ],
)
def test_what_is_no_json_is_malformed(echo, body, detail) -> None:
    assert detail in post(echo, body, status=400).json["detail"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_another_media_type_is_refused(echo, kind) -> None:
    echo.post("/things", '{"title": "a"}', content_type=kind, status=415)


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "application/merge-patch+json"]
)
def test_media_types_of_json_are_read(echo, kind) -> None:
    echo.post("/things", '{"title": "a"}', content_type=kind, status=201)


def test_a_compressed_body_is_refused(echo) -> None:
    body = gzip.compress(b'{"title": "a"}')
    assert "compressed" in post(echo, body, headers={"Content-Encoding": "gzip"}, status=415).text
    post(echo, {"title": "a"}, headers={"Content-Encoding": "identity"}, status=201)


def test_a_body_above_the_limit_is_refused(echo) -> None:
    post(echo, {"title": "x" * 3_000_000}, status=413)


def test_many_mistakes_do_not_make_a_long_answer(echo) -> None:
    found = post(echo, {"title": "a", "by": [1] * 10_000}, status=422)
    assert len(found.json["errors"]) == 100


def test_a_mistake_in_a_union_has_no_name_of_a_type(api) -> None:
    app = api("""
class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int

class Dog(BaseModel):
    kind: Literal["dog"]

class Owner(BaseModel):
    pet: Annotated[Union[Cat, Dog], Field(discriminator="kind")]

@api_view(route_name="things", request_method="POST")
def create(request, body: Owner) -> None:
    pass
""")
    assert set(mistakes(post(app, {"pet": {"kind": "cat", "lives": "9"}}, status=422))) == {
        "#/pet/lives"
    }
    assert set(mistakes(post(app, {"pet": {"kind": "cat"}}, status=422))) == {"#/pet/lives"}


def test_a_view_that_returns_nothing_answers_204(api) -> None:
    app = api("""
@api_view(route_name="things", request_method="DELETE")
def delete(request) -> None:
    pass
""")
    answer = app.delete("/things", status=204)
    assert answer.body == b""
    assert "Content-Type" not in answer.headers


def test_a_query_string_arrives_as_its_model(api) -> None:
    sent = "/things?limit=5&tag=a&tag=b&since=2026-01-02T03:04:05Z&other=1"
    assert api(QUERY).get(sent).json == {
        "limit": 5,
        "tag": ["a", "b"],
        "since": "2026-01-02T03:04:05Z",
    }
    assert api(QUERY).get("/things").json["limit"] == 20


@pytest.mark.parametrize(
    ("sent", "names"),
    [
        ("limit=x", {"limit"}),
        ("limit=1&limit=2", {"limit"}),
        ("limit=101&since=now", {"limit", "since"}),
        ("tag=a%00b&limit=x", {"tag", "limit"}),
    ],
)
def test_mistakes_of_a_query_string_have_the_names_of_parameters(api, sent, names) -> None:
    found = api(QUERY).get(f"/things?{sent}", status=422)
    assert set(mistakes(found)) == names


@pytest.mark.parametrize("text", ["nan", "inf", "-Infinity", "1e400"])
def test_a_number_that_json_does_not_have_is_none(api, text) -> None:
    app = api("""
class Near(BaseModel):
    by: float = 1
    to: list[float] = []
    at: float | None = None

@api_view(route_name="things", request_method="GET")
def show(request, query: Near) -> Near:
    return query

@api_view(route_name="number", request_method="GET")
def part(request, id: float) -> float:
    return id
""")
    found = app.get(f"/things?by={text}&to=1&to={text}&at={text}", status=422)
    assert set(mistakes(found)) == {"by", "to", "at"}
    assert app.get("/things?by=1e3&to=2&at=-1.5").json == {"by": 1000, "to": [2], "at": -1.5}
    app.get(f"/numbers/{text}", status=404)
    assert app.get("/numbers/1e3").json == 1000


def test_an_unknown_parameter_is_refused_where_the_model_forbids_it(api) -> None:
    app = api("""
class Strict(BaseModel, extra="forbid"):
    limit: int = 1

@api_view(route_name="things", request_method="GET")
def show(request, query: Strict) -> Strict:
    return query
""")
    assert set(mistakes(app.get("/things?limt=3", status=422))) == {"limt"}


PARTS = """
@api_view(route_name="thing", request_method="GET")
def show(request, number: int, day: date) -> list[str]:
    return [type(number).__name__, day.isoformat()]
"""


def test_parts_of_the_address_are_converted(api) -> None:
    assert api(PARTS).get("/things/3/2026-01-02").json == ["int", "2026-01-02"]


@pytest.mark.parametrize("address", ["x/2026-01-02", "3/soon", "3/2026-01-02%00"])
def test_an_address_that_names_nothing_is_not_found(api, address) -> None:
    api(PARTS).get(f"/things/{address}", status=404)


def test_methods_of_a_class_are_operations(api) -> None:
    app = api("""
@view_defaults(route_name="things", request_method="POST")
class Things:
    def __init__(self, request):
        self.request = request

    @api_view(status=202)
    def create(self, body: New) -> str:
        return self.request.method + body.title

    @api_view(request_method="GET")
    def show(self) -> str:
        return "shown"
""")
    assert post(app, {"title": "a"}, status=202).json == "POSTa"
    assert app.get("/things").json == "shown"


def test_a_view_may_say_its_status_and_return_a_response(api) -> None:
    app = api("""
@api_view(route_name="things", request_method="GET")
def show(request) -> int:
    request.response.status = 203
    request.response.headers["X-Made"] = "here"
    return 1

@api_view(route_name="things", request_method="POST")
def create(request) -> int:
    return HTTPSeeOther("/things")
""")
    answer = app.get("/things", status=203)
    assert (answer.json, answer.headers["X-Made"]) == (1, "here")
    app.post("/things", status=303)


def test_a_view_may_always_return_a_response(api, caplog) -> None:
    app = api("""
@api_view(route_name="things", request_method="GET")
def show(request, query: Asked) -> Response:
    return Response("text", content_type="text/plain") if query.limit else "text"
""")
    assert app.get("/things").text == "text"
    app.get("/things?limit=0", status=500)
    assert "returned str, which its annotation doesn't allow" in caplog.text


def test_a_parameter_has_the_name_of_its_alias(api) -> None:
    app = api("""
class Named(BaseModel):
    most: int = Field(1, validation_alias="limit")

@api_view(route_name="things", request_method="GET")
def show(request, query: Named) -> int:
    return query.most
""")
    assert app.get("/things?limit=3").json == 3
    assert set(mistakes(app.get("/things?limit=x", status=422))) == {"limit"}


def test_a_view_names_a_mistake_of_its_own(api) -> None:
    app = api("""
@api_view(route_name="things", request_method="POST")
def create(request, body: New) -> None:
    raise InvalidError([{"pointer": "#/title", "detail": "Somebody has it."}])
""")
    assert mistakes(post(app, {"title": "a"}, status=422)) == {"#/title": "Somebody has it."}


def test_a_body_may_be_left_out_where_it_has_a_default(api) -> None:
    app = api("""
@api_view(route_name="things", request_method="POST")
def create(request, body: New | None = None) -> bool:
    return body is None
""")
    assert app.post("/things").json is True
    assert post(app, {"title": "a"}).json is False


def test_a_result_that_breaks_its_type_is_an_error_with_a_place(api, caplog) -> None:
    app = api("""
@api_view(route_name="things", request_method="GET")
def show(request) -> Person:
    return {"name": "hunter2"}
""")
    app.get("/things", status=500)
    assert "The API view show returned what its type doesn't allow: name: " in caplog.text


def test_annotations_may_be_texts(serve, component) -> None:
    text = "from __future__ import annotations\n" + HEADER + ECHO
    assert post(serve(component("things", {"__init__.py": text})), {"title": "a"}, status=201)


def test_it_is_registered_by_the_configuration_too(serve, component) -> None:
    text = HEADER.replace(
        'config.add_route("things", "/things")',
        'config.add_route("things", "/things")\n'
        '    config.add_api_view(show, route_name="things", request_method="GET")',
    )
    text += "\ndef show(request) -> int:\n    return 7\n"
    assert serve(component("things", {"__init__.py": text})).get("/things").json == 7


@pytest.mark.parametrize(
    ("result", "place"),
    [
        ("Reading(size=float('nan'))", "size is nan"),
        ("Reading(size=1, more=[1.0, float('-inf')])", "more.1 is -inf"),
        ("Reading(size=1, anything={'a': [float('inf')]})", "anything.a.0 is inf"),
    ],
)
def test_a_result_that_json_has_no_number_for_is_a_mistake_of_the_view(
    api, caplog, result, place
) -> None:
    app = api(
        f"""
class Reading(BaseModel):
    size: float
    more: list[float] = []
    anything: object = None

@api_view(route_name="things", request_method="GET")
def show(request) -> Reading:
    return {result}
"""
    )
    app.get("/things", status=500)
    assert f"returned what JSON has no number for: {place}" in caplog.text


def test_results_with_numbers_are_written(api) -> None:
    app = api(
        """
@api_view(route_name="things", request_method="GET")
def show(request) -> dict[str, float]:
    return {"a": 1.5}
"""
    )
    assert app.get("/things").json == {"a": 1.5}
