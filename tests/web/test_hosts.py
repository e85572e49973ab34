"""The site answers to its own names: any other would end up in redirects and links."""

from dataclasses import replace

import pytest

from berceau.settings import Settings

pytestmark = pytest.mark.slow

PRODUCTION = {"secret": "x8fK2mQ7vR4tY9wZ1aB5cD3eG6hJ0kLn", "database_url": "postgresql://db/shop"}


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:6543", "shop.localhost", "127.0.0.1:80", "[::1]:6543", "10.0.0.7"],
)
def test_development_answers_to_this_machine(serve, host) -> None:
    serve().get("/", headers={"Host": host})


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "", "a b", "[::1", "localhost:x", "x" * 5000, "é"],
)
def test_development_refuses_other_names(serve, host) -> None:
    page = serve().get("/", headers={"Host": host.encode().decode("latin-1")}, status=400)
    assert "another name" in page.text


class TestInProduction:
    @pytest.fixture
    def settings(self, settings) -> Settings:
        hosts = ("shop.example.org", ".shop.example")
        return replace(settings, development=False, hosts=hosts, **PRODUCTION)

    @pytest.mark.parametrize(
        "host", ["shop.example.org", "SHOP.example.org:443", "eu.shop.example"]
    )
    def test_the_listed_names_are_answered(self, serve, host) -> None:
        serve().get("/", headers={"Host": host})

    @pytest.mark.parametrize(
        "host",
        [
            "localhost",
            "127.0.0.1",
            "shop.example",
            "notshop.example",
            "shop.example.org.evil.example",
            "shop.example.org@evil.example",
        ],
    )
    def test_no_other_is(self, serve, host) -> None:
        serve().get("/", headers={"Host": host}, status=400)


class TestWithAStar:
    @pytest.fixture
    def settings(self, settings) -> Settings:
        return replace(settings, development=False, hosts=("*",), **PRODUCTION)

    def test_any_name_is_answered(self, serve) -> None:
        serve().get("/", headers={"Host": "anything.example"})

    @pytest.mark.parametrize("host", ["[", "a b", "a@b", "a/b", "a:b", "a:999999", "a\\b"])
    def test_what_is_no_name_is_not(self, serve, host) -> None:
        serve().get("/", headers={"Host": host}, status=400)
