"""Which views ``@api_view`` refuses, each with its place."""

import pytest

from berceau.errors import ComponentError
from tests.web.api_component import HEADER, QUERY


def refused(api, view: str) -> ComponentError:
    with pytest.raises(ComponentError) as caught:
        api(view)
    return caught.value


@pytest.mark.parametrize(
    ("options", "signature", "message"),
    [
        ("", "(request)", "doesn't say what it returns"),
        ("", "(request, body) -> None", "has the parameter body without a type"),
        ("", "(request, slug: str) -> None", "takes slug, which the pattern /things of the route"),
        ("", "(request, query: int) -> None", "has the parameter query, which is no pydantic"),
        ("", "(request, body: object()) -> None", "takes as body what pydantic has no schema for"),
        ("", "(request) -> object()", "returns what pydantic has no schema for"),
        ("", "(request) -> 'Missing'", "has an annotation that can't be read"),
        ("", "(request, *more) -> None", r"has the parameter \*more, which no name can fill"),
        ("", "() -> None", "takes no request"),
        ("request_method='GET', ", "(request, body: New) -> None", "takes a body, and answers GET"),
        ("request_method=None, ", "(request) -> None", "has no request_method"),
        ("request_method='GET', status=299, ", "(request) -> int", "answers with 299, which is no"),
        ("request_method='GET', errors=(4,), ", "(request) -> int", "answers with 4, which is no"),
    ],
)
def test_a_signature_that_means_nothing_is_refused_with_its_place(
    api, options, signature, message
) -> None:
    options = options or "request_method='POST', "
    view = f"\n@api_view({options}route_name='things')\ndef made{signature}:\n    pass\n"
    error = refused(api, view)
    assert error.where.component == "things"
    line = error.where.file.read_text().splitlines()[error.where.line - 1]
    assert line.startswith("@api_view")
    with pytest.raises(ComponentError, match=f"^The API view made {message}"):
        raise error


def test_what_is_no_function_is_refused_with_the_line_that_registers_it(serve, component) -> None:
    text = HEADER.replace(
        'config.add_route("things", "/things")',
        'config.add_api_view(partial(print), route_name="things", request_method="GET")',
    )
    with pytest.raises(ComponentError, match="is no function") as caught:
        serve(component("things", {"__init__.py": text}))
    where = caught.value.where
    assert where.component == "things"
    assert "add_api_view" in where.file.read_text().splitlines()[where.line - 1]


def test_two_views_for_one_method_of_a_route_are_refused(api) -> None:
    twice = QUERY + QUERY.replace("show", "again")
    assert "Two lines configure the same" in str(refused(api, twice))
