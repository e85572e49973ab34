"""Which settings count where code asks for them: those of the application, or of a test."""

import pytest

from berceau.errors import SettingsError
from berceau.settings import component as component_settings
from berceau.settings.component import ComponentSettings, begin, during_test, setting, using


class Plain(ComponentSettings):
    """For what a class does without a component."""

    name: str = setting(help="a name")
    size: int = setting(default=1, help="a size")


def test_a_test_can_make_settings_by_keywords() -> None:
    assert Plain(name="a") == Plain(name="a", size=1)
    with pytest.raises(TypeError):
        Plain()
    with pytest.raises(AttributeError):
        Plain(name="a").name = "b"


def test_what_is_not_read_yet_is_one_message(monkeypatch) -> None:
    monkeypatch.setattr(component_settings, "_started", [])
    with pytest.raises(SettingsError, match="Plain isn't read yet") as caught:
        Plain.current()
    assert caught.value.cure


def test_two_applications_differ(monkeypatch) -> None:
    monkeypatch.setattr(component_settings, "_started", [])
    a, b = {Plain: Plain(name="a")}, {Plain: Plain(name="b")}
    begin(a)
    begin(dict(a))
    assert Plain.current().name == "a"
    begin(b)
    with pytest.raises(SettingsError, match="several applications"):
        Plain.current()
    with using(b):
        assert Plain.current().name == "b"
    with during_test({Plain: Plain(name="c")}, {}):
        assert Plain.current().name == "c"
        with using(b):
            assert Plain.current().name == "b"
    with pytest.raises(SettingsError, match="several applications"):
        Plain.current()


def test_what_a_test_overrides_counts_in_all_applications() -> None:
    values = {Plain: Plain(name="of the test")}
    with during_test(values, values), using({Plain: Plain(name="of the application")}):
        assert Plain.current().name == "of the test"
