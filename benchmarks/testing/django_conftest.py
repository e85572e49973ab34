"""What the tests need of Django: the application in WebTest, and a post."""

from collections.abc import Callable

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from posts.models import Post, User
from webtest import TestApp


@pytest.fixture(scope="session")
def application() -> WSGIHandler:
    # As Django's own test client does.
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    return get_wsgi_application()


@pytest.fixture
def app(db, application) -> TestApp:
    return TestApp(application)


@pytest.fixture
def write(db) -> Callable[..., None]:
    def write(title) -> None:
        author, _ = User.objects.get_or_create(email="ada@example.org", defaults={"name": "Ada"})
        Post.objects.create(title=title, content="Some text", status="PUBLISHED", author=author)

    return write
