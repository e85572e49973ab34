"""A finding: one place in a component that a rule objects to."""

from collections.abc import Iterable, Set
from dataclasses import dataclass

from berceau.errors import SettingsError
from berceau.lint.rules import RULES, Level


@dataclass(frozen=True, order=True)
class Finding:
    """What is wrong, where, and what to do; ``file`` is relative to the project's root."""

    file: str
    line: int
    code: str
    level: Level
    message: str
    cure: str
    component: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.level} {self.code}: {self.message}\n    {self.cure}"


def heeded(findings: Iterable[Finding], ignored: Set[str]) -> tuple[Finding, ...]:
    """Return the ``findings`` of all rules but the ``ignored`` ones, which are codes.

    Raises ``SettingsError`` where one of these is no rule.
    """
    if unknown := ignored - RULES.keys():
        raise SettingsError(
            f"The project ignores {', '.join(sorted(unknown))}, which is no rule.",
            cure='Correct pyproject.toml: under [tool.berceau.lint], ignore = ["L102"].',
        )
    return tuple(each for each in findings if each.code not in ignored)
