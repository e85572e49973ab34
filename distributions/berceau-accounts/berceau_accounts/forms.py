"""Forms: what was typed into their fields, and what is wrong with that."""

from collections.abc import Mapping
from dataclasses import dataclass
from re import fullmatch
from typing import Any

from berceau.web import is_blank
from berceau_accounts import passwords
from berceau_accounts.addresses import canonical, is_email

LONGEST = 10_000
"""Characters of a field that are read at all."""


@dataclass(frozen=True)
class Field:
    """A field of a form, as HTML names its parts; ``hint`` says below it what is asked for."""

    name: str
    label: str
    type: str = "text"
    autocomplete: str = "off"
    hint: str = ""


EMAIL = Field("email", "E-mail address", "email", "username")
NEW_EMAIL = Field("email", "New e-mail address", "email", "email")
PASSWORD = Field("password", "Password", "password", "current-password")
CURRENT_PASSWORD = Field("password", "Your present password", "password", "current-password")
NEW_PASSWORD = Field(
    "new_password",
    "New password",
    "password",
    "new-password",
    f"{passwords.SHORTEST} characters or more. Spaces and all scripts are welcome.",
)


class Form:
    """The fields of a form, with what was typed and a message for each that is wrong."""

    def __init__(self, *fields: Field) -> None:
        self.fields = fields
        self.values = dict.fromkeys((field.name for field in fields), "")
        self.errors: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        return self.values[name]

    def read(self, posted: Mapping[str, Any]) -> None:
        """Take over what was typed; what isn't text, or isn't there, is an error of its field."""
        for field in self.fields:
            value = posted.get(field.name)
            text = value if isinstance(value, str) and len(value) <= LONGEST else ""
            self.values[field.name] = text if field.type == "password" else text.strip()
            if not self.values[field.name]:
                self.errors[field.name] = f"Enter {_article(field.label)}."

    def check_email(self) -> None:
        """Refuse what can't be an address."""
        self.values["email"] = canonical(self["email"])
        if "email" not in self.errors and not is_email(self["email"]):
            self.errors["email"] = "Enter an address such as ada@example.org."

    def check_new_password(self, email: str) -> None:
        """Refuse a password that is too short, too long or easily guessed, beside ``email``."""
        if "new_password" not in self.errors:
            found = passwords.problem(self["new_password"], email)
            if found:
                self.errors["new_password"] = found

    def check_text(self, name: str, length: int) -> None:
        """Refuse what can't be stored in a column of ``length`` characters, or seen."""
        text = self[name]
        if name in self.errors:
            return
        if len(text) > length:
            self.errors[name] = f"Use {length:,} characters at most."
        elif is_blank(text) or "\x00" in text:
            self.errors[name] = "Use characters that can be seen."

    def check_number(self, name: str, largest: int) -> None:
        """Refuse what isn't a number from 1 to ``largest``."""
        if name not in self.errors and not (
            fullmatch("[0-9]{1,9}", self[name]) and 1 <= int(self[name]) <= largest
        ):
            self.errors[name] = f"Enter a number from 1 to {largest:,}."

    def shown(self, field: Field) -> str:
        """Return what the field shows: a password is never sent back."""
        return "" if field.type == "password" else self.values[field.name]

    def state(self, field: Field) -> Mapping[str, str]:
        """Return the HTML attributes that tie a field to its hint and error, and give it focus."""
        name = field.name
        described = [f"{name}-error"] if name in self.errors else []
        described += [f"{name}-hint"] if field.hint else []
        state = {"aria-describedby": " ".join(described)} if described else {}
        if name in self.errors:
            state["aria-invalid"] = "true"
        first = next(iter(self.errors)) if self.errors else self.fields[0].name
        return state | ({"autofocus": "autofocus"} if name == first else {})


def _article(label: str) -> str:
    lowered = label[0].lower() + label[1:]
    if lowered.startswith("your "):
        return lowered
    return f"an {lowered}" if lowered[0] in "aeiou" else f"a {lowered}"
