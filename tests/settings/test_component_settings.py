"""What components declare is read from what is given; all that is wrong is named at once."""

import itertools
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any
from uuid import uuid4

import pytest

from berceau.components import Component
from berceau.errors import ComponentError, SettingsError
from berceau.settings import Settings
from berceau.settings import component as component_settings
from berceau.settings.component import using
from berceau.settings.sources import Sources
from berceau.workflows.serve.component_settings import ReadSettings, load

HEADER = """
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Annotated, Literal, Optional
from berceau import ComponentSettings, setting
from pydantic import Field, HttpUrl
"""
MAIL = """
class MailSettings(ComponentSettings):
    sender: str = setting(help="the address that mail comes from")
    port: int = setting(default=25, help="the server's port")
    password: str | None = setting(default=None, secret=True, help="the server's password")
"""


@pytest.fixture
def declare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Component]]:
    """Return a function that writes a component with the ``settings.py`` that it is given."""
    prefix = f"components_{uuid4().hex}"  # Python remembers the modules of other tests
    number = itertools.count()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(component_settings, "_started", [])

    def declare(name: str, text: str) -> Component:
        folder = tmp_path / f"{prefix}_{next(number)}" / name
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
        future = text.startswith("from __future__")
        (folder / "settings.py").write_text(text if future else HEADER + dedent(text))
        return Component(name, f"{folder.parent.name}.{name}", folder)

    yield declare
    for module in [module for module in sys.modules if module.startswith(prefix)]:
        del sys.modules[module]


@pytest.fixture
def read(declare, tmp_path: Path) -> Callable[..., ReadSettings]:
    """Return a function that reads the settings of components, given by name and text."""

    def read(declarations: Mapping[str, str] | str, **given: Mapping[str, Any]) -> ReadSettings:
        if isinstance(declarations, str):
            declarations = {"mail": declarations}
        components = [declare(name, text) for name, text in declarations.items()]
        sources = Sources(**{"ini": {}, **given})
        return load(components, Settings(tmp_path, sources=sources))

    return read


def values(found: ReadSettings) -> dict[str, Any]:
    """Return the settings of all components by their names in the ini file."""
    return {entry.key: entry.value for entry in found.entries}


def mistakes(read, *declared, **given) -> str:
    with pytest.raises(SettingsError) as caught:
        read(*declared, **given)
    return str(caught.value)


def one(read, kind: str, text: Any, name: str = "x") -> Any:
    """Return what ``text`` is as a setting of the type ``kind``."""
    declared = f"class S(ComponentSettings):\n    {name}: {kind} = setting(help='x')"
    return values(read(declared, environment={f"MAIL_{name.upper()}": text}))[f"mail.{name}"]


def test_the_environment_wins_over_dotenv_which_wins_over_the_ini(read) -> None:
    everywhere = {
        "environment": {"MAIL_SENDER": "environment"},
        "dotenv": {"MAIL_SENDER": ".env", "MAIL_PORT": "2"},
        "ini": {"mail.sender": "ini", "mail.port": "3"},
    }
    found = read(MAIL, **everywhere)
    assert values(found) == {"mail.sender": "environment", "mail.port": 2, "mail.password": None}
    assert [entry.place for entry in found.entries] == ["environment", ".env", None]


def test_an_override_wins_over_all(read) -> None:
    given = {"environment": {"MAIL_SENDER": "x"}, "overrides": {"mail.sender": "y"}}
    assert values(read(MAIL, **given))["mail.sender"] == "y"


def test_an_empty_value_counts_as_none_and_hides_others(read) -> None:
    given = {"environment": {"MAIL_PORT": "", "MAIL_SENDER": "x"}, "ini": {"mail.port": "3"}}
    assert values(read(MAIL, **given))["mail.port"] == 25
    assert "mail.sender has no value" in mistakes(read, MAIL, environment={"MAIL_SENDER": ""})


def test_the_class_is_made_of_the_values_and_found_by_itself(read) -> None:
    found = read(MAIL, ini={"mail.sender": "ada@example.org"})
    ((kind, value),) = found.values.items()
    assert isinstance(value, kind)
    assert (value.sender, value.port) == ("ada@example.org", 25)
    with using(found.values):
        assert kind.current() is value


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("str", " a b ", " a b "),
        ("int", " 25 ", 25),
        ("float", "0.5", 0.5),
        ("bool", "true", True),
        ("bool", "off", False),
        ("timedelta", "90", timedelta(seconds=90)),
        ("timedelta", "1.5h", timedelta(minutes=90)),
        ("timedelta", "15 min", timedelta(minutes=15)),
        ("timedelta", "P1DT2H", timedelta(hours=26)),
        ("Path", "/a/b", Path("/a/b")),
        ("Literal['a', 2]", "2", 2),
        ("tuple[str, ...]", "a, b\nc", ("a", "b", "c")),
        ("tuple[int, ...]", "1 2", (1, 2)),
        ("tuple[str, int]", "a 1", ("a", 1)),
        ("frozenset[str]", "a, b, a", frozenset("ab")),
        ("tuple[timedelta, ...]", "1m", (timedelta(minutes=1),)),
        ("int | None", "3", 3),
        ("Optional[timedelta]", "2d", timedelta(days=2)),
        ("Annotated[int, Field(ge=1)]", "1", 1),
        ("'int'", "7", 7),
    ],
)
def test_a_text_is_read_as_its_type(read, kind, text, value) -> None:
    assert one(read, kind, text) == value


def test_enums_are_read_by_their_values(read) -> None:
    declared = """
        class Mode(Enum):
            FAST = 1
            SLOW = 2

        class S(ComponentSettings):
            mode: Mode = setting(default=Mode.SLOW, help="the mode")
    """
    assert values(read(declared, environment={"MAIL_MODE": "1"}))["mail.mode"].name == "FAST"


def test_a_url_is_one_of_pydantics(read) -> None:
    assert one(read, "HttpUrl", "https://example.org/a?b=c").host == "example.org"


def test_a_relative_path_begins_at_the_projects_root(read, tmp_path) -> None:
    assert one(read, "Path", "var/files") == tmp_path / "var" / "files"


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("int", "x", "a valid integer"),
        ("int", "٣", "a valid integer"),
        ("float", "nan", "a finite number"),
        ("bool", "maybe", "a valid boolean"),
        ("timedelta", "soon", "a duration, such as 30s, 15m, 2h or 7d"),
        ("timedelta", "9" * 400, "a duration, such as 30s"),
        ("timedelta", "-5", "a duration, such as 30s"),
        ("Literal['a', 'b']", "c", "'a' or 'b'"),
        ("HttpUrl", "example", "a valid URL"),
        ("tuple[int, ...]", "1, x", "a valid integer"),
        ("Annotated[int, Field(ge=1)]", "0", "greater than or equal to 1"),
    ],
)
def test_what_is_none_of_the_type_is_named(read, kind, text, expected) -> None:
    with pytest.raises(SettingsError) as caught:
        one(read, kind, text)
    assert f"MAIL_X in the environment is {text!r}: it should be {expected}" in str(caught.value)


def test_an_abbreviation_at_the_start_of_a_message_stays_one(read) -> None:
    with pytest.raises(SettingsError, match="is 'ftp://x': URL scheme should be 'http' or 'https'"):
        one(read, "HttpUrl", "ftp://x")


def test_all_mistakes_are_in_one_message(read) -> None:
    shop = """
        class ShopSettings(ComponentSettings):
            currency: Literal["EUR", "CHF"] = setting(help="what prices are in")
    """
    told = mistakes(
        read,
        {"mail": MAIL, "shop": shop},
        dotenv={"MAIL_PORT": "many"},
        ini={"shop.currency": "USD", "mail.password": "hidden", "shop.curency": "EUR"},
    )
    assert told.splitlines() == [
        "5 settings of the components are wrong.",
        "  mail.sender has no value: the address that mail comes from. Set MAIL_SENDER in the "
        "environment or in .env, or mail.sender in the ini file.",
        "  MAIL_PORT in .env is 'many': it should be a valid integer, unable to parse string as an "
        "integer.",
        "  mail.password is in the ini file, but it is a secret, and everybody who can read the "
        "code can read this file. Remove the line, and set MAIL_PASSWORD in the environment or in "
        ".env, to a new value.",
        "  shop.currency in the ini file is 'USD': it should be 'EUR' or 'CHF'.",
        "  shop.curency in the ini file is declared by no component. Did you mean shop.currency?",
        "  `invoke settings` lists all settings, and where each comes from.",
    ]


def test_a_secret_is_shown_nowhere(read) -> None:
    secrets = """
        class S(ComponentSettings):
            token: str = setting(secret=True, help="a token")
            pin: int = setting(secret=True, help="a number")
    """
    found = read(secrets, environment={"MAIL_TOKEN": "hush-hush", "MAIL_PIN": "99887766"})
    (value,) = found.values.values()
    assert (value.token, value.pin) == ("hush-hush", 99887766)
    assert repr(value) == str(value) == "S(token=[hidden], pin=[hidden])"
    assert not re.search("hush|9988", repr(found))


def test_no_traceback_shows_what_was_given() -> None:
    given = {"MAIL_TOKEN": "hush-hush"}
    sources = Sources(environment=given, dotenv=given, ini=given, overrides=given)
    assert "hush" not in f"{sources!r} {Settings(Path('/'), sources=sources)!r}"


def test_a_wrong_secret_is_not_quoted(read) -> None:
    declared = "class S(ComponentSettings):\n    pin: int = setting(secret=True, help='x')"
    told = mistakes(read, declared, environment={"MAIL_PIN": "hush-hush"})
    assert "MAIL_PIN in the environment is wrong: it should be a valid integer" in told
    assert "hush" not in told


@pytest.mark.parametrize("place", ["environment", "dotenv"])
def test_a_variable_that_may_be_mistyped_is_a_warning(read, place) -> None:
    given = {"MAIL_PROT": "1", "MAIL_DIR": "/x", "MAIL": "/y", "MAILER_PORT": "2", "OTHER": "3"}
    found = read(MAIL, ini={"mail.sender": "x"}, **{place: given})
    assert found.warnings == ("The variable MAIL_PROT is no setting. Did you mean MAIL_PORT?",)


def test_a_name_of_another_place_is_a_warning(read) -> None:
    dotenv = {"mail.sender": "x", "mail_port": "1"}
    found = read(MAIL, ini={"mail.sender": "x", "MAIL_PORT": "1"}, dotenv=dotenv)
    assert found.warnings == (
        "The variable mail.sender is no setting. Did you mean MAIL_SENDER?",
        "The variable mail_port is no setting. Did you mean MAIL_PORT?",
        "The ini file's MAIL_PORT is no setting. Did you mean mail.port?",
    )


def test_a_setting_of_berceau_that_may_be_mistyped_is_a_warning(read) -> None:
    ini = {"berceau.host": "x", "berceau.own_of_somebody": "x", "berceau.pool_size": "1"}
    found = read({}, ini=ini, environment={"BERCEAU_SECRETS": "x", "BERCEAU_TEST_CITUS_URL": "x"})
    assert found.warnings == (
        "The variable BERCEAU_SECRETS is no setting. Did you mean BERCEAU_SECRET?",
        "The ini file's berceau.host is no setting. Did you mean berceau.hosts?",
    )


def test_a_missing_setting_names_the_variable_that_may_be_meant(read) -> None:
    told = mistakes(read, MAIL, environment={"MAIL_SENDR": "x"})
    assert "The variable MAIL_SENDR is no setting. Did you mean MAIL_SENDER?" in told


def test_an_override_that_nobody_declares_is_refused(read) -> None:
    told = mistakes(read, MAIL, ini={"mail.sender": "x"}, overrides={"mail.ports": 1, "shop.x": 2})
    assert "mail.ports overridden, is declared by no component. Did you mean mail.port?" in told
    assert "shop.x" in told


def test_an_override_may_be_an_object(read) -> None:
    given = {"mail.sender": "x", "mail.port": 7}
    assert values(read(MAIL, overrides=given))["mail.port"] == 7
    assert "mail.port, overridden, is None" in mistakes(
        read, MAIL, overrides=given | {"mail.port": None}
    )


def integers(*names: str) -> str:
    """Return the declaration of some settings that are numbers."""
    lines = (f"    {name}: int = setting(default=0, help='x')" for name in names)
    return "\n".join(("class S(ComponentSettings):", *lines))


@pytest.mark.parametrize(
    ("declarations", "told"),
    [
        (
            {"mail": integers("queue_size"), "mail_queue": integers("size")},
            "The variable MAIL_QUEUE_SIZE would be mail.queue_size and mail_queue.size.",
        ),
        (
            {"database": integers("url")},
            "The variable DATABASE_URL would be database.url and a setting of Berceau.",
        ),
        ({"mail": integers("a", "A")}, "The variable MAIL_A would be mail.a and mail.A."),
        ({"berceau": integers("hosts")}, "A component called berceau can't have settings"),
    ],
    ids=["two components", "Berceau's", "capitals", "called berceau"],
)
def test_names_that_clash_are_refused(read, declarations, told) -> None:
    with pytest.raises(ComponentError) as caught:
        read(declarations)
    assert told in caught.value.message
    assert caught.value.where.file.name == "settings.py"
    assert caught.value.where.line == len(HEADER.splitlines()) + 1


@pytest.mark.parametrize(
    ("attribute", "told"),
    [
        ("x: int = 3", "S.x isn't declared as a setting"),
        ("x: int", "S.x isn't declared as a setting"),
        ("_x: int = setting(help='x')", "S._x isn't declared as a setting"),
        ("current: int = setting(help='x')", "A setting can't be called current"),
        ("x: list = setting(default=[], help='x')", "S.x has a default that code could change: []"),
        ("x: dict = setting(default={1: 2}, help='x')", "S.x has a default that code could change"),
        ("x: int = setting(help='')", "The help of S.x isn't one line"),
        ("x: int = setting(help='a\\nb')", "The help of S.x isn't one line"),
        ("x: Nowhere = setting(help='x')", "NameError"),
        ("x: 'Nowhere' = setting(help='x')", "can't be found: name 'Nowhere'"),
        ("x: type(open) = setting(help='x')", "a type that no text can be read as"),
        ("x: int = setting(help='x')\nclass T(ComponentSettings):\n    pass", "classes: S, T"),
    ],
)
def test_a_wrong_declaration_is_named_with_its_place(read, attribute, told) -> None:
    with pytest.raises(ComponentError, match=re.escape(told)) as caught:
        read(f"class S(ComponentSettings):\n    {attribute}")
    assert caught.value.where.component == "mail"
    assert caught.value.where.file.name == "settings.py"
    assert caught.value.cure


def test_a_class_may_have_a_base_and_properties(read) -> None:
    declared = """
        class Base(ComponentSettings):
            sender: str = setting(help="x")

        Base.__module__ = "another"

        class S(Base):
            port: int = setting(default=25, help="x")

            @property
            def host(self):
                return self.sender.partition("@")[2]
    """
    (value,) = read(declared, ini={"mail.sender": "a@b"}).values.values()
    assert (value.host, value.port) == ("b", 25)


def test_annotations_may_be_evaluated_later(read) -> None:
    text = f"from __future__ import annotations\n{HEADER}{MAIL}"
    assert values(read(text, ini={"mail.sender": "x", "mail.port": "7"}))["mail.port"] == 7


def test_text_that_is_no_unicode_is_named(read) -> None:
    told = mistakes(read, MAIL, environment={"MAIL_SENDER": "\udcff"})
    assert r"MAIL_SENDER in the environment is '\udcff': it should be UTF-8." in told


def test_a_module_called_settings_need_not_declare_any(read) -> None:
    assert read("DEBUG = True") == ReadSettings()
