"""Every command knows whether there are tenants, without importing the application."""

from pathlib import Path

import pytest

from berceau.errors import SettingsError
from berceau.settings import load
from berceau.settings.sources import read_ini

INI = "[app:main]\nuse = egg:berceau#main\n{}\n[other]\na = 1\n"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BERCEAU_INI", "BERCEAU_TENANTS"):
        monkeypatch.delenv(name, raising=False)


def test_a_project_has_no_tenants_unless_it_says_so(tmp_path: Path) -> None:
    assert load(tmp_path).tenants is None
    (tmp_path / "development.ini").write_text(INI.format("# berceau.tenants = schema"))
    assert load(tmp_path).tenants is None


def test_a_command_finds_it_in_its_ini_file(tmp_path: Path) -> None:
    (tmp_path / "production.ini").write_text(INI.format("berceau.tenants: schema"))
    assert load(tmp_path).tenants is None
    (tmp_path / ".env").write_text("BERCEAU_INI=production.ini\n")
    assert load(tmp_path).tenants == "schema"


def test_an_ini_file_may_be_based_on_another(tmp_path: Path) -> None:
    (tmp_path / "base.ini").write_text(INI.format("berceau.tenants = schema"))
    (tmp_path / "development.ini").write_text("[app:main]\nuse = config:base.ini\n")
    assert load(tmp_path).tenants == "schema"


def test_what_all_sections_have_is_no_setting_of_the_application(tmp_path: Path) -> None:
    default = "[DEFAULT]\nberceau.tenants = schema\n"
    (tmp_path / "development.ini").write_text(default + INI.format(""))
    assert load(tmp_path).tenants is read_ini(tmp_path, None).get("berceau.tenants") is None


def test_the_application_has_read_its_ini_file(tmp_path: Path) -> None:
    (tmp_path / "development.ini").write_text(INI.format("berceau.tenants = schema"))
    assert load(tmp_path, {}).tenants is None
    assert load(tmp_path, {"berceau.tenants": "schema"}).tenants == "schema"


def test_a_variable_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BERCEAU_TENANTS", "schema")
    assert load(tmp_path).tenants == "schema"
    (tmp_path / "development.ini").write_text(INI.format("berceau.tenants = schema"))
    monkeypatch.setenv("BERCEAU_TENANTS", "")
    assert load(tmp_path).tenants is None


@pytest.mark.parametrize(
    ("ini", "message"),
    [
        (INI.format("berceau.tenants = database"), "'database', which is no way to keep tenants"),
        ("berceau.tenants = schema\n", "The ini file can't be read"),
    ],
)
def test_a_mistake_is_one_message(tmp_path: Path, ini: str, message: str) -> None:
    (tmp_path / "development.ini").write_text(ini)
    with pytest.raises(SettingsError, match=message):
        load(tmp_path)
