"""Answers of a person, who must not be waited for while others wait for a lock."""

from collections.abc import Callable

from berceau.schema.suggest import Question
from berceau.workflows.write.gaps import AskValue, Gap
from berceau.workflows.write.renames import Ask


class Unanswered(Exception):  # noqa: N818 - it asks for an answer, and never reaches a person
    """A question that came up while a lock was held: ``settle`` it without, and begin again."""

    def __init__(self, settle: Callable[[], None]) -> None:
        self.settle = settle
        super().__init__()


class Answers:
    """What a person answered so far, in the place of the person.

    ``ask`` and ``ask_value`` are as given, ``None`` where no person is there; a question that comes
    up for the first time raises ``Unanswered``.
    """

    def __init__(self, ask: Ask | None, ask_value: AskValue | None) -> None:
        self.known: dict[Question | Gap, str | None] = {}
        self.ask: Ask | None = ask and (lambda question: self._answer(question, ask))
        self.ask_value: AskValue | None = ask_value and (lambda gap: self._answer(gap, ask_value))

    def _answer(self, question: Question | Gap, person: Callable[..., str | None]) -> str | None:
        if question not in self.known:

            def settle() -> None:
                self.known[question] = person(question)

            raise Unanswered(settle)
        return self.known[question]
