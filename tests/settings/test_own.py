"""The list of Berceau's settings is complete, and is what the documentation has."""

from dataclasses import fields
from pathlib import Path

import pytest

from berceau.settings import FormLimits, Limits, QueryLimits, Settings
from berceau.settings.own import OWN, OwnSetting

DOCS = Path(__file__).parents[2] / "docs"
GUIDES = "".join(
    (DOCS / "guide" / f"{page}.md").read_text() for page in ("serving", "units-of-work", "clones")
)


def test_the_list_has_all_settings() -> None:
    nested = {"limits": Limits, "query_limits": QueryLimits, "form_limits": FormLimits}
    names = {each.name for each in fields(Settings)} - {"sources", "target"} - nested.keys()
    names |= {f"{name}.{each.name}" for name, kind in nested.items() for each in fields(kind)}
    assert {each.attribute for each in OWN} == names


@pytest.mark.parametrize("setting", OWN, ids=lambda each: each.name)
def test_the_guides_have_each_setting(setting: OwnSetting) -> None:
    if setting.in_pyproject is None:
        assert setting.name in GUIDES
        assert (setting.variable or "") in GUIDES


def test_secrets_are_those_that_settings_do_not_show() -> None:
    hidden = {each.name for each in fields(Settings) if not each.repr} - {"sources"}
    assert hidden == {each.attribute for each in OWN if each.secret}
