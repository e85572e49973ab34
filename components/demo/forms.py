"""The form that writes a post: what was typed into it, and what is wrong with that."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self, TypedDict

from webob.multidict import MultiDict

from berceau.web import is_blank

from .entities import EMAIL_LENGTH, NAME_LENGTH, TITLE_LENGTH, DemoPostStatus

CONTENT_LENGTH = 10_000
EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


class PostValues(TypedDict):
    """A post and its author, as the service takes them."""

    title: str
    content: str
    status: DemoPostStatus
    name: str
    email: str


@dataclass
class PostForm:
    """The fields as they were typed, so that they can be shown again.

    ``errors`` holds a message for each field that has something wrong with it.
    """

    title: str = ""
    content: str = ""
    status: str = DemoPostStatus.DRAFT
    name: str = ""
    email: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, posted: "MultiDict[str, Any]") -> Self:
        """Return the checked form of a request; bad input of any kind ends up in ``errors``."""
        form = cls()
        form.title = form._text(posted, "title", "a title", TITLE_LENGTH)
        form.content = form._text(posted, "content", "some text", CONTENT_LENGTH)
        form.status = form._text(posted, "status", "a status", CONTENT_LENGTH)
        form.name = form._text(posted, "name", "your name", NAME_LENGTH)
        form.email = form._text(posted, "email", "your e-mail address", EMAIL_LENGTH, str.lower)
        if "status" not in form.errors and form.status not in list(DemoPostStatus):
            form.errors["status"] = "Choose one of the statuses."
        if "email" not in form.errors and not EMAIL.fullmatch(form.email):
            form.errors["email"] = "Enter an address such as ada@example.org."
        return form

    def state(self, name: str) -> Mapping[str, str]:
        """Return the HTML attributes that tie a field to its error, and go to the first."""
        if name not in self.errors:
            return {}
        state = {"aria-invalid": "true", "aria-describedby": f"{name}-error"}
        return state | ({"autofocus": "autofocus"} if name == next(iter(self.errors)) else {})

    def values(self) -> PostValues:
        """Return the fields of a form without errors, as the service takes them."""
        return {
            "title": self.title,
            "content": self.content,
            "status": DemoPostStatus(self.status),
            "name": self.name,
            "email": self.email,
        }

    def _text(
        self,
        posted: "MultiDict[str, Any]",
        name: str,
        what: str,
        length: int,
        stored: Callable[[str], str] = str,
    ) -> str:
        """Return the text of a field; ``what`` it is, and its ``length`` at most as it is stored.

        Lower case may be longer: that of U+0130 has two characters.
        """
        values = posted.getall(name)
        if len(values) > 1 or not all(isinstance(value, str) for value in values):
            self.errors[name] = f"Enter {what} once, as text."
            return ""
        # Browsers send a line break as two characters; count it as the one that was typed.
        text: str = "".join(values).replace("\r\n", "\n").strip()
        if is_blank(text):
            self.errors[name] = f"Enter {what}."
        elif (found := len(stored(text))) > length:
            self.errors[name] = f"Use {length:,} characters at most; these are {found:,}."
        elif "\x00" in text:
            self.errors[name] = "Remove the NUL character, which can't be stored."
        return text
