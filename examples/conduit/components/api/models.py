"""What the models of all components are made of."""

from typing import Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from berceau.web import is_blank

from .errors import BLANK


def _filled(value: Any) -> Any:
    if isinstance(value, str) and is_blank(value):
        raise ValueError(BLANK)
    return value


FILLED = BeforeValidator(_filled)
"""Refuses a text with nothing to see in it, before its length is looked at."""


class Model(BaseModel):
    """A model whose names are Python's here, and JavaScript's in JSON: ``createdAt``."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Slice(Model):
    """Which part of a list is asked for."""

    limit: int = Field(20, ge=1, le=100)
    offset: int = Field(0, ge=0, le=1_000_000)
