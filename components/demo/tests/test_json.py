"""What a view with ``renderer="json"`` writes of this component's entities."""

import json

import pytest
from pony.orm import db_session, select
from pyramid.renderers import render
from pyramid.request import Request

from components.demo.entities import DemoPost, DemoUser


@pytest.mark.usefixtures("db")
@db_session
def test_entities_queries_and_sets_are_written(app) -> None:
    request = Request.blank("/")
    request.registry = app.app.registry
    ada = DemoUser(name="Ada", email="ada@example.org")
    post = DemoPost(title="A title", content="Some text", author=ada)
    expected = {
        "id": str(post.id),
        "title": "A title",
        "status": "DRAFT",
        "author": str(ada.id),
        "created_at": post.created_at.isoformat(),
        "updated_at": post.updated_at.isoformat(),
    }
    written = {
        "one": post,
        "set": ada.posts,
        "query": DemoPost.select(),
        "slice": DemoPost.select()[:1],
        "page": select(p for p in DemoPost).page(1),
        "query of the set": ada.posts.select(),
    }
    assert json.loads(render("json", written, request)) == {
        "one": expected,
        **{key: [expected] for key in ("set", "query", "slice", "page", "query of the set")},
    }
