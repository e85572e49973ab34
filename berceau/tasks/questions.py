"""Questions to the person at the terminal: what may have been renamed, and what rows get."""

import sys
from typing import TYPE_CHECKING

from berceau.errors import RenameError

if TYPE_CHECKING:
    from berceau.schema.suggest import Question
    from berceau.workflows.write.gaps import AskValue, Gap
    from berceau.workflows.write.renames import Ask

NONE_OF_THEM = "0"


def questioner() -> "Ask | None":
    """Return what asks the person at the terminal, or ``None`` without one."""
    return ask if sys.stdin.isatty() and sys.stdout.isatty() else None


def ask(question: "Question") -> str | None:
    """Ask until there is an answer; raises ``RenameError`` when the person leaves."""
    try:
        if len(question.candidates) == 1:
            return _confirm(question)
        return _choose(question)
    except (EOFError, KeyboardInterrupt):
        print()
        raise RenameError("No answer. Nothing was written.") from None


def value_questioner() -> "AskValue | None":
    """Return what asks the person at the terminal, or ``None`` without one."""
    return ask_value if questioner() else None


def ask_value(gap: "Gap") -> str | None:
    """Ask once what rows get: a label of those there are, or SQL; nothing gives the change up."""
    print(f"{gap.need}.")
    prompt = f"Their value ({', '.join(gap.labels)}): " if gap.labels else "Their value (SQL): "
    try:
        return input(prompt).strip() or None
    except (EOFError, KeyboardInterrupt):
        print()
        return None


def _confirm(question: "Question") -> str | None:
    (candidate,) = question.candidates
    _note(question)
    prompt = f"Was the {question.kind} {question.path} renamed to {candidate}? [y/N] "
    while True:
        answer = input(prompt).strip().lower()
        if answer in ("", "n", "no"):
            return None
        if answer in ("y", "yes"):
            return candidate


def _note(question: "Question") -> None:
    if question.note:
        print(f"{question.note[:1].upper()}{question.note[1:]}.")


def _choose(question: "Question") -> str | None:
    _note(question)
    print(f"Was the {question.kind} {question.path} renamed?")
    print(f"  {NONE_OF_THEM}  no: it is dropped")
    choices = {str(number): name for number, name in enumerate(question.candidates, 1)}
    for number, name in choices.items():
        print(f"  {number}  to {name}")
    while True:
        answer = input(f"Which? [{NONE_OF_THEM}] ").strip()
        if answer in ("", NONE_OF_THEM):
            return None
        if answer in choices:
            return choices[answer]
