"""A component with an API: what its module begins with, and views of it."""

HEADER = """
from datetime import date, datetime
from functools import partial
from typing import Annotated, Literal, Union

from pydantic import BaseModel, Field, field_validator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response
from pyramid.view import view_defaults

from berceau.web import api
from berceau.web.api import InvalidError, Page

api_view = partial(api.api_view, token_api=True)


def includeme(config):
    config.add_route("things", "/things")
    config.add_route("number", "/numbers/{id}")
    config.add_route("thing", r"/things/{number:\\d+|x}/{day}")


class Person(BaseModel):
    name: str = Field(min_length=1, max_length=5)
    age: int | None = None


class New(BaseModel):
    title: str
    on: date | None = None
    by: list[Person] = []

    @field_validator("title")
    @classmethod
    def plain(cls, title):
        if title == "taken":
            raise ValueError("This title is taken.")
        return title


class Asked(BaseModel):
    limit: int = Field(20, le=100)
    tag: list[str] = []
    since: datetime | None = None
"""
QUERY = """
@api_view(route_name="things", request_method="GET")
def show(request, query: Asked) -> Asked:
    return query
"""
