"""What is right on a developer's machine only is refused elsewhere, with the cure."""

from dataclasses import replace

import pytest

from berceau.errors import PermissionMissingError, SettingsError
from berceau.postgres.inspect.roles import RoleReport
from berceau.settings import Settings
from berceau.web.app import make_app
from berceau.web.production import check_variables

OWNER = RoleReport("shop_owner", "public", can_change_schema=True)


@pytest.fixture
def settings(settings) -> Settings:
    return replace(
        settings,
        development=False,
        database_url="postgresql://db/shop",
        hosts=("shop.example.org",),
        secret="x8fK2mQ7vR4tY9wZ1aB5cD3eG6hJ0kLn",
    )


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize(
    ("missing", "named"),
    [
        ({"database_url": None}, "DATABASE_URL"),
        ({"hosts": ()}, r"berceau\.hosts"),
        ({"secret": None}, "BERCEAU_SECRET"),
    ],
)
def test_what_is_missing_is_named(settings, missing, named) -> None:
    with pytest.raises(SettingsError, match=named) as caught:
        make_app(replace(settings, **missing))
    assert "berceau.development = true" in caught.value.cure
    make_app(replace(settings, **missing, development=True))


def test_a_variable_of_the_server_without_a_value_is_named(tmp_path) -> None:
    ini = tmp_path / "production.ini"
    ini.write_text("[server:main]\nlisten = 127.0.0.1:%(http_port)s\nhere = %(here)s\n")
    given = {"__file__": str(ini), "here": str(tmp_path)}
    with pytest.raises(SettingsError, match=r"http_port of \[server:main\] has no value") as caught:
        check_variables(given)
    assert "pserve production.ini http_port=..." in caught.value.cure
    check_variables({**given, "http_port": "6543"})


def test_a_role_that_can_change_the_schema_is_refused_unless_allowed(running, settings) -> None:
    running.role = OWNER
    with pytest.raises(PermissionMissingError, match="role shop_owner can change") as caught:
        make_app(settings)
    assert "invoke db.provision" in caught.value.cure
    make_app(replace(settings, allow_ddl=True))
    make_app(replace(settings, development=True))


def test_over_https_browsers_are_told_to_stay_there(serve) -> None:
    header = "Strict-Transport-Security"
    host = {"Host": "shop.example.org"}
    secure = {"wsgi.url_scheme": "https"}
    assert header in serve().get("/", headers=host, extra_environ=secure).headers
    assert header not in serve().get("/", headers=host).headers
