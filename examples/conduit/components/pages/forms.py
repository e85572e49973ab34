"""Forms: what was typed into their fields, checked by the models that the API has, too."""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pyramid.request import Request

from components.api.errors import RefusedError
from components.api.models import Model

TEMPLATE = "components.pages:templates/form.pt"

WORDS = {
    "string_too_short": "Use {min_length} characters at least.",
    "string_too_long": "Use {max_length} characters at most.",
    "string_pattern_mismatch": "Enter an address such as ada@example.org.",
    "too_long": "Use {max_length} at most.",
    "value_error": "This {error}.",
}


@dataclass(frozen=True)
class Field:
    """A field of a model, as a form shows it.

    With ``rows``, it has several lines. ``is_list`` splits its text at commas. Where it is
    ``optional``, an empty text counts as not sent.
    """

    name: str
    label: str
    type: str = "text"
    autocomplete: str = "off"
    hint: str = ""
    rows: int = 0
    is_list: bool = False
    optional: bool = False

    def value(self, text: str) -> Any:
        """Return what the model takes."""
        if self.is_list:
            return [part.strip() for part in text.split(",") if part.strip()]
        return text


class Form:
    """The ``fields`` of a ``model``; ``errors`` has a message for each that is wrong."""

    def __init__(self, model: type[Model], *fields: Field, **shown: str | None) -> None:
        self.model = model
        self.fields = fields
        self.texts = {each.name: shown.get(each.name) or "" for each in fields}
        self.values: dict[str, Any] = {}
        self.errors: dict[str, str] = {}

    def accepts(self, request: Request) -> bool:
        """Return whether ``request`` sends what the model allows; then it is in ``values``."""
        if request.method != "POST":
            return False
        for each in self.fields:
            sent = request.POST.get(each.name)
            # Browsers send a line break as two characters.
            self.texts[each.name] = (
                sent.replace("\r\n", "\n").strip() if isinstance(sent, str) else ""
            )
        typed = {
            each.name: each.value(self.texts[each.name])
            for each in self.fields
            if self.texts[each.name] or not each.optional
        }
        try:
            self.values = self.model.model_validate(typed).model_dump(exclude_unset=True)
        except ValidationError as error:
            self._note(error)
        return not self.errors

    def refuse(self, error: RefusedError) -> None:
        """Show why a service refused the values: at the field, or at the last."""
        subject = error.problem.extensions["subject"]
        name = subject if subject in self.texts else self.fields[-1].name
        self.errors[name] = error.problem.detail

    def page(self, request: Request, title: str, button: str, **more: Any) -> dict[str, Any]:
        """Return what the template shows."""
        if self.errors:
            request.response.status = 422
        return {"form": self, "title": title, "button": button, "links": (), "lead": "", **more}

    def shown(self, field: Field) -> str:
        """Return the text of ``field``; a password is never shown again."""
        return "" if field.type == "password" else self.texts[field.name]

    def state(self, field: Field) -> dict[str, str]:
        """Return the HTML attributes that tie a field to its texts, and go to the first error."""
        if field.name in self.errors:
            state = {"aria-invalid": "true", "aria-describedby": f"{field.name}-error"}
            first = field.name == next(iter(self.errors))
            return state | ({"autofocus": "autofocus"} if first else {})
        return {"aria-describedby": f"{field.name}-hint"} if field.hint else {}

    def _note(self, error: ValidationError) -> None:
        for each in error.errors():
            detail = WORDS.get(each["type"], "{msg}")
            text = detail.format(msg=each["msg"], **each.get("ctx", {}))
            self.errors.setdefault(str(each["loc"][0]), text)
