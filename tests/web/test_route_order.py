"""Of all routes of all components, the most specific one that matches answers."""

import re
from collections.abc import Mapping, Sequence
from textwrap import indent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationExecutionError
from pyramid.request import Request
from pyramid.urldispatch import Route

from berceau.components import Component
from berceau.errors import ComponentError
from berceau.web.patterns import Pattern
from berceau.web.registry import ROUTES
from berceau.web.route_order import sort_at_last
from tests.conftest import examples

# What is more specific comes first; each pair matches a path that the other one matches, too.
PAIRS = {
    "a literal before a placeholder": ("/posts/new", "/posts/{id}", "/posts/new"),
    "from the left": ("/posts/{x}", "/{x}/new", "/posts/new"),
    "an expression before none": (r"/posts/{id:\d+}", "/posts/{slug}", "/posts/7"),
    "the narrower expression": (r"/posts/{id:\d+}", r"/posts/{slug:[\w-]+}", "/posts/7"),
    "an expression with braces": (r"/{year:\d{4}}", r"/{id:\d+}", "/2026"),
    "characters beside a placeholder": ("/posts/{id}.json", "/posts/{id}", "/posts/7.json"),
    "more characters": ("/posts/page-{id}", "/posts/p{id}", "/posts/page-7"),
    "a placeholder before a rest": ("/posts/{id}", "/posts/*rest", "/posts/7"),
    "a longer one before a rest": ("/posts/{id}/edit", "/posts/*rest", "/posts/7/edit"),
    "a longer rest before a shorter": ("/posts/{id}/*rest", "/*rest", "/posts/7/x"),
    "a rest with characters": ("/posts/a*rest", "/posts/*rest", "/posts/abc"),
    "what matches no slash": ("/posts/{id}", "/posts/{path:.*}", "/posts/7"),
    "what goes on after slashes": ("/{path:.*}/edit", "/{path:.*}", "/a/b/edit"),
    "an old placeholder": ("/posts/new", "/posts/:id", "/posts/new"),
    "no slash at the start": ("posts/new", "/posts/{id}", "/posts/new"),
}


def configure(
    routes: Mapping[str, Sequence[str]], orders: Sequence[tuple[str, ...]] = ()
) -> Configurator:
    """Return the configuration of an application: the patterns of each component.

    A route is called by its component and the number of its pattern, as ``a0``.
    """
    config = Configurator()
    config.include("berceau.web.route_order")
    for component, patterns in routes.items():
        with config.registry[ROUTES].of(component, config):
            for number, pattern in enumerate(patterns):
                config.add_route(f"{component}{number}", pattern)
    for names in orders:
        config.order_routes(*names)
    sort_at_last(config)
    return config


def matched(config: Configurator, path: str) -> str | None:
    """Return the name of the route that ``path`` leads to."""
    route = config.get_routes_mapper()(Request.blank(path))["route"]
    return route.name if route else None


@pytest.mark.parametrize("name", ["a", "z"], ids=["first", "last"])
@pytest.mark.parametrize(("specific", "general", "path"), PAIRS.values(), ids=PAIRS)
def test_the_more_specific_pattern_comes_first(specific, general, path, name) -> None:
    other = {"a": "z", "z": "a"}[name]
    config = configure(dict(sorted({name: [specific], other: [general]}.items())))
    config.commit()
    assert matched(config, path) == f"{name}0"


def test_a_component_orders_what_is_equal_as_it_adds_it() -> None:
    config = configure({"a": [r"/{x:\d+}", "/{x:[0-9]+}", "/{y}", "/{z}", "/b/{y}"]})
    config.commit()
    names = [route.name for route in config.get_routes_mapper().get_routes()]
    assert names == ["a4", "a0", "a1", "a2", "a3"]


SAME = {
    "placeholders": ("/{a}", "/{b}"),
    "with characters": ("/posts/{a}.json", "/posts/{b}.json"),
    "expressions": (r"/{a:\d+}", "/{b:[0-9]+}"),
    "two expressions": (r"/{a:\d+}/{b:[a-z]+}", r"/{c:\d+}/{d:[a-z]+}"),
    "on both sides": ("/{a}-x", "/y-{b}"),
    "rests": ("/a/*b", "/a/*c"),
    "no placeholder": ("/a", "a"),
    "as Pyramid reads it": ("/{a}", "/{b:[^/]+}"),
}


@pytest.mark.parametrize(("first", "second"), SAME.values(), ids=SAME)
def test_what_cannot_be_told_apart_is_refused(first, second) -> None:
    with pytest.raises(ConfigurationExecutionError) as caught:
        configure({"a": [first], "b": [second]}).commit()
    error = caught.value.evalue
    assert isinstance(error, ComponentError)
    assert f"a0 ({first})" in error.message
    assert f"b0 ({second})" in error.message
    configure({"a": [first, second]}).commit()  # one component knows its order


@pytest.mark.parametrize(
    ("first", "second"),
    [("/{a}/x", "/{b}/y"), (r"/{a:\d+}", "/{b:[a-z]+}"), ("/a/{x}", "/b/{x}")],
)
def test_what_matches_different_addresses_is_not(first, second) -> None:
    configure({"a": [first], "b": [second]}).commit()


def test_a_component_may_declare_the_order() -> None:
    routes = {"a": ["/{x}", "/{x}/edit"], "b": ["/{y}", "/b/{y}"]}
    config = configure(routes, [("b0", "of a component that isn't there", "a0"), ("b0", "a0")])
    config.commit()
    assert matched(config, "/x") == "b0"
    config = configure(routes, [("b0", "a1", "b1"), ("a1", "a0")])
    config.commit()
    assert matched(config, "/b/edit") == "a1"
    assert matched(config, "/x") == "b0"


def test_orders_that_contradict_each_other_are_refused() -> None:
    orders = [("a0", "b0"), ("b0", "a1"), ("a1", "a0")]
    with pytest.raises(ConfigurationExecutionError) as caught:
        configure({"a": ["/{x}", "/x"], "b": ["/{y}"]}, orders).commit()
    assert "contradict each other: " in str(caught.value.evalue)


PIECES = st.sampled_from(["a", "b", "{x}", r"{x:\d+}", "{x:[a-z]+}", "a{x}", "{x}.b", "{x:.*}"])
PATTERNS = st.builds(
    lambda pieces, rest: "/" + "/".join([*map(numbered, range(9), pieces), *rest]),
    st.lists(PIECES, max_size=3),
    st.sampled_from([[], [], [], ["*rest"]]),
)
PATHS = st.lists(st.sampled_from(["a", "b", "7", "a7", "ab", "x.b", "-"]), max_size=4).map(
    lambda pieces: "/" + "/".join(pieces)
)


def numbered(number: int, piece: str) -> str:
    return piece.replace("{x", f"{{x{number}")


@settings(max_examples=examples(40))
@given(st.lists(PATTERNS, min_size=2, max_size=5, unique=True), PATHS, st.randoms())
def test_names_of_components_do_not_matter(patterns, path, random) -> None:
    """Each pattern is in a component of its own: in any order, the same one answers."""

    def answer(order: Sequence[int]) -> str | None:
        """Return the route that answers, or the error that refuses the patterns."""
        config = configure({f"c{number}": [patterns[number]] for number in order})
        try:
            config.commit()
        except ConfigurationExecutionError as error:
            return type(error.evalue).__name__
        return matched(config, path)

    order = list(range(len(patterns)))
    first = answer(order)
    assert first in {None, "ComponentError", *(f"c{number}0" for number in order)}
    random.shuffle(order)
    assert answer(order) == first


FRAGMENTS = (
    *("/", "a", "é", ".", "{x}", "{y:a/b}", r"{z:\d{2}}", "{w:(?P=x)}", "{v:(a|b)/c}"),
    *(":o", "*r", "*", "{", "}"),
)


@settings(max_examples=examples(200))
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=6))
def test_each_pattern_of_pyramid_is_understood(pieces) -> None:
    try:
        route = Route("a", "".join(pieces))
    except re.error:  # a group that is there twice
        return
    pattern = Pattern(route)
    assert pattern.specificity == Pattern(Route("b", route.pattern)).specificity
    assert pattern.overlaps(Pattern(Route("b", route.pattern)))


PAGE = """
    from pyramid.response import Response

    def includeme(config):
{}

    def answer(request):
        return Response(request.matched_route.name)
"""


def page(component, name: str, *lines: str) -> Component:
    """Return a component whose manifest has ``lines``."""
    text = indent("\n".join(lines), " " * 8)
    return component(name, {"__init__.py": PAGE.replace("{}", text)})


def routed(name: str, pattern: str, options: str = "") -> tuple[str, str]:
    return (
        f"config.add_route({name!r}, {pattern!r}{options})",
        f"config.add_view(answer, route_name={name!r})",
    )


def test_components_do_not_shadow_each_other(serve, component) -> None:
    app = serve(
        page(component, "cms", *routed("page", "/{path:.*}"), *routed("tag", "/t/{name}")),
        page(component, "shop", *routed("cart", "/cart"), *routed("item", r"/t/{id:\d+}")),
    )
    found = {path: app.get(path).text for path in ("/cart", "/t/7", "/t/x", "/a/b")}
    assert found == {"/cart": "cart", "/t/7": "item", "/t/x": "tag", "/a/b": "page"}


def test_both_are_named_with_their_lines(serve, component) -> None:
    made = [page(component, name, *routed(name, f"/{{{name}}}")) for name in ("first", "second")]
    with pytest.raises(ComponentError) as caught:
        serve(*made)
    for each in made:
        lines = (each.path / "__init__.py").read_text().splitlines()
        line = next(number for number, text in enumerate(lines, 1) if "add_route" in text)
        assert f"component {each.name}, {each.path / '__init__.py'}:{line}" in str(caught.value)


def test_the_cure_works(serve, component) -> None:
    first, second = routed("first", "/{a}"), routed("second", "/{b}")
    with pytest.raises(ComponentError) as caught:
        serve(page(component, "a", *first), page(component, "b", *second))
    cure = re.search(r"config\.order_routes\(.*\)", str(caught.value))[0]
    app = serve(page(component, "c", *first), page(component, "d", *second, cure))
    assert app.get("/x").text == "second"


@pytest.mark.parametrize(
    ("first", "second", "told_apart"),
    [
        ("", ', request_method="POST"', True),
        (', request_method="GET"', ', request_method="POST"', True),
        (', header="X-A"', ', header="X-B"', True),
        (', request_method="GET"', ', request_method="GET"', False),
        (', request_method=("GET", "POST")', ', request_method="POST"', False),
        (', request_method="GET"', ', request_method="HEAD"', False),
        (', request_method=("GET", "PUT")', ', request_method=("POST", "PATCH")', True),
        (', request_param="a=1"', ', request_param="a=2"', True),
        (', request_param="a=1"', ', request_param="a"', False),
        (', request_param="a"', ', request_param="b"', True),
        (', header="X-Version:1"', ', header="x-version:2"', True),
        (', header="X-Version:1"', ', header="x-version"', False),
        (', accept="text/html"', ', accept="application/json"', True),
        (', traverse="/x"', "", False),
        (", xhr=True", ', request_method="GET"', False),
    ],
)
def test_predicates_tell_routes_apart(serve, component, first, second, told_apart) -> None:
    made = [
        page(component, "first", *routed("first", "/{a}", first)),
        page(component, "second", *routed("second", "/{b}", second)),
    ]
    if told_apart:
        serve(*made)
    else:
        with pytest.raises(ComponentError, match="Two routes match the same addresses") as caught:
            serve(*made)
        assert f"first (/{{a}}) of component first, {made[0].path}" in str(caught.value)


def test_what_is_looser_comes_after_what_has_predicates(serve, component) -> None:
    app = serve(
        page(component, "first", *routed("first", "/{a}")),
        page(component, "second", *routed("second", "/{b}", ", xhr=True")),
    )
    assert app.get("/x").text == "first"
    assert app.get("/x", xhr=True).text == "second"


def test_static_files_of_a_component_count_too(serve, component) -> None:
    files = component("files", {"static/a.txt": "the file"})
    (files.path / "__init__.py").write_text(
        "def includeme(config):\n    config.add_static_view('media', __name__ + ':static')\n"
    )
    any_page = page(component, "any", *routed("any", "/{a}/{b:.*}"))
    app = serve(any_page, files)
    assert app.get("/media/a.txt").text == "the file"
    assert app.get("/x/a.txt").text == "any"


def test_the_routes_of_the_application_around_keep_their_places(running, component) -> None:
    running.components = (
        page(component, "b", *routed("b", "/{b}"), *routed("b_rest", "/*rest")),
        page(component, "c", *routed("c", "/c"), *routed("c_rest", "/c/*rest")),
    )
    config = Configurator(settings={"berceau.root": "/"})
    config.add_route("before", "/{x}/{y}")
    config.include("berceau")
    config.add_route("after", "/own")
    config.make_wsgi_app()
    names = [each.name for each in config.get_routes_mapper().get_routes()]
    kept = [each for each in names if each in {"before", "c", "c_rest", "b", "b_rest", "after"}]
    assert kept == ["before", "c_rest", "c", "b", "b_rest", "after"]


@pytest.mark.parametrize("autocommit", [True, False])
def test_it_is_the_same_where_each_line_takes_effect_at_once(
    running, component, autocommit
) -> None:
    running.components = (
        page(component, "b", *routed("b", "/{b}")),
        page(component, "c", "config.commit()", *routed("c", "/c")),
    )
    config = Configurator(settings={"berceau.root": "/"}, autocommit=autocommit)
    config.include("berceau")
    config.make_wsgi_app()
    assert matched(config, "/c") == "c"
