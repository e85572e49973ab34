"""Text in requests: what people typed, of which something can be seen."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from berceau.text import is_blank


def _seen(text: str) -> str:
    if is_blank(text):
        raise ValueError("This text has no character that can be seen")
    return text


NonBlankStr = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_seen)
]
"""A text in which something can be seen, without the spaces around it.

An entity's ``Required(str)`` takes no other.
"""
