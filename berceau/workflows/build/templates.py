"""Templates of files: ``~{name}`` is filled in, in their texts and in their paths."""

from collections.abc import Mapping
from pathlib import Path
from string import Template

_SUFFIX = ".tmpl"


class _Template(Template):
    """Text with ``~{name}`` to fill in: neither Python nor Chameleon uses that sign."""

    delimiter = "~"


def fill(folder: str, values: Mapping[str, str]) -> dict[str, str]:
    """Return the files of the templates in ``folder``, beside this module, by their paths."""
    root = Path(__file__).with_name(folder)
    return {
        _Template(path.relative_to(root).as_posix().removesuffix(_SUFFIX)).substitute(values): (
            _Template(path.read_text(encoding="utf-8")).substitute(values)
        )
        for path in sorted(root.rglob(f"*{_SUFFIX}"))
    }
