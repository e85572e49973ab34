"""Routes that only requests with a tenant meet, or only those without one."""

import pytest

from tests.web.tenants.conftest import at

PAGES = """
    from tests.web.tenants.site import choose

    def includeme(config):
        config.set_tenant_factory(choose)
        add(config, "of_tenant", "/start", has_tenant=True)
        add(config, "of_none", "/start", has_tenant=False)
        add(config, "of_all", "/all")
        config.add_navigation_item("Notes", "of_tenant")
        config.add_navigation_item("Customers", "of_none")
        config.add_navigation_item("About", "of_all")

    def add(config, name, pattern, **options):
        config.add_route(name, pattern, **options)
        config.add_view(
            lambda request: {"route": name, "titles": [it.title for it in request.navigation]},
            route_name=name,
            renderer="json",
            require_csrf=False,
        )
"""
ONLY_TENANTS = """
    from tests.web.tenants.site import choose

    def includeme(config):
        config.set_tenant_factory(choose)
        config.add_route("notes", "/notes", has_tenant=True)
        config.add_view(lambda request: {}, route_name="notes", renderer="json", require_csrf=False)
"""


@pytest.mark.parametrize(
    ("host", "route", "titles"),
    [
        ("ada", "of_tenant", ["Notes", "About"]),
        ("shared", "of_none", ["Customers", "About"]),
        ("nobody", "of_none", ["Customers", "About"]),
    ],
)
@pytest.mark.usefixtures("place")
def test_a_request_meets_the_routes_of_its_kind_and_is_led_to_them(
    serve, component, host, route, titles
) -> None:
    app = serve(component("site", {"__init__.py": PAGES}))
    assert app.get("/start", extra_environ=at(host)).json == {"route": route, "titles": titles}
    assert app.get("/all", extra_environ=at(host)).json["titles"] == titles


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("method", ["get", "post"])
def test_without_a_tenant_its_page_does_not_exist(serve, component, method) -> None:
    app = serve(component("site", {"__init__.py": ONLY_TENANTS}))
    visit = getattr(app, method)
    visit("/notes", extra_environ=at("ada"))
    for host in ("shared", "nobody"):
        visit("/notes", extra_environ=at(host), status=404)


def test_in_a_project_without_tenants_each_request_counts_as_having_one(serve, component) -> None:
    app = serve(component("site", {"__init__.py": PAGES}))
    assert app.get("/start").json == {"route": "of_tenant", "titles": ["Notes", "About"]}


def test_a_route_for_all_is_ambiguous_beside_that_of_tenants_where_there_are_none(
    serve, component
) -> None:
    """Nothing tells them apart there, so the order would be that of the folders' names."""
    plain = 'def includeme(config):\n    config.add_route("plain", "/notes")'
    with pytest.raises(Exception, match="Two routes match the same addresses"):
        serve(
            component("site", {"__init__.py": ONLY_TENANTS}),
            component("plain", {"__init__.py": plain}),
        )
