"""Schemathesis sends what the OpenAPI document allows, and what it doesn't, to a real database."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

pytestmark = pytest.mark.slow

USERS = """
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pony.orm import desc, flush
from pydantic import BaseModel, Field
from pyramid.httpexceptions import HTTPNotFound

from berceau.web.api import (
    CursorQuery, NonBlankStr, NumberedPage, NumberedQuery, Page, api_view, cursor_page,
    NaiveTime, UtcDatetime, numbered_page,
)
from components.demo.entities import DemoPost, DemoPostStatus, DemoUser


def includeme(config):
    config.token_api()
    config.add_route("users", "/api/users")
    config.add_route("user", "/api/users/{id}")
    config.add_route("posts", "/api/users/{id}/posts")
    config.add_openapi(title="Users")


class NewUser(BaseModel, extra="forbid"):
    name: NonBlankStr = Field(max_length=100)
    email: str = Field(max_length=254, pattern="^[^@]+@[^@]+$")


class ChangedUser(BaseModel):
    name: NonBlankStr = Field("x", max_length=100)


class NewPost(BaseModel):
    title: NonBlankStr = Field(max_length=200)
    content: NonBlankStr
    status: DemoPostStatus = DemoPostStatus.DRAFT
    created_at: UtcDatetime | None = None


class PostOut(BaseModel):
    id: UUID
    title: str
    status: DemoPostStatus
    created_at: datetime


class UserOut(BaseModel):
    id: UUID
    name: str
    posts: list[PostOut]


class UsersQuery(CursorQuery):
    name: str | None = None
    hour: NaiveTime | None = None


def found(id):
    user = DemoUser.get(id=id)
    if user is None:
        raise HTTPNotFound
    return user


@api_view(route_name="users", request_method="GET")
def list_users(request, query: UsersQuery) -> Page[UserOut]:
    users = DemoUser.select().prefetch(DemoUser.posts)
    if query.name is not None:
        users = users.filter(lambda user: user.name == query.name)
    return cursor_page(users, query, desc(DemoUser.created_at))


@api_view(route_name="users", request_method="POST", status=201)
def add_user(request, body: NewUser) -> UserOut:
    return DemoUser(**body.model_dump())


@api_view(route_name="user", request_method="GET")
def show_user(request, id: UUID) -> UserOut:
    return found(id)


@api_view(route_name="user", request_method="PATCH")
def change_user(request, id: UUID, body: ChangedUser) -> UserOut:
    found(id).set(**body.model_dump(exclude_unset=True))
    return found(id)


@api_view(route_name="user", request_method="DELETE")
def delete_user(request, id: UUID) -> None:
    found(id).delete()


@api_view(route_name="posts", request_method="GET")
def list_posts(request, id: UUID, query: NumberedQuery) -> NumberedPage[PostOut]:
    user = found(id)
    return numbered_page(DemoPost.select(author=user).order_by(DemoPost.id), query)


@api_view(route_name="posts", request_method="POST", status=201)
def add_post(request, id: UUID, body: NewPost) -> PostOut:
    return DemoPost(author=found(id), **body.model_dump(exclude_none=True))
"""


@pytest.fixture
def document(db, serve, component) -> Any:  # noqa: ARG001 (the database is db's, and started)
    """The OpenAPI document of an API, to make requests from."""
    app = serve(component("users", {"__init__.py": USERS}))
    return schemathesis.openapi.from_wsgi("/openapi.json", app.app)


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_no_answer_is_one_that_the_document_does_not_have(document, mode) -> None:
    for operation in document.get_all_operations():
        attack(operation.ok(), mode)


def attack(operation: Any, mode: GenerationMode) -> None:
    @settings(
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def answer(case: Any) -> None:
        # No schema says which texts are cursors, and that NUL is in none.
        assert case.call_and_validate(excluded_checks=[positive_data_acceptance]).status_code < 500

    answer()
