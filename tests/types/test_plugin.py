"""The plugin for mypy as a package: what mypy learns of a change in it."""

import shutil
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from tests.types.conftest import PACKAGE


def version(plugin: Path) -> str:
    spec = spec_from_file_location("copied_plugin", plugin / "__init__.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return str(module.__version__)


@pytest.mark.parametrize("name", ["hooks.py", "keys.py", "rows.py"])
def test_a_change_of_any_of_its_modules_is_a_new_version_of_the_plugin(tmp_path, name) -> None:
    """So mypy drops what it cached: it looks at ``__init__.py`` and at the version only."""
    plugin = tmp_path / "mypy"
    shutil.copytree(PACKAGE / "mypy", plugin)
    before = version(plugin)
    assert version(plugin) == before
    with (plugin / name).open("a") as file:
        file.write("# changed\n")
    assert version(plugin) != before
