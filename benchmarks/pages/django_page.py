"""The demo's page of posts on Django: ``python django_page.py URL PORT`` serves it on waitress."""

import sys
import uuid
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import django
from django.conf import settings

HERE = Path(__file__).parent


def configure(url: str) -> None:
    """Configure Django as ``startproject`` does, with sessions and CSRF protection."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    settings.configure(
        ALLOWED_HOSTS=["*"],
        SECRET_KEY="a benchmark's",
        ROOT_URLCONF=__name__,
        USE_TZ=True,
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [HERE],
                "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
            }
        ],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": parts.path[1:],
                "USER": unquote(parts.username or ""),
                "HOST": query["host"][0],
                "PORT": query["port"][0],
                "CONN_MAX_AGE": None,
                "ATOMIC_REQUESTS": True,
            }
        },
    )
    django.setup()


if __name__ == "__main__":
    configure(sys.argv[1])

from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path


class User(models.Model):
    """An author of the demo's."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=100)

    class Meta:
        app_label = "demo"
        db_table = "demo_user"


class Post(models.Model):
    """A post of the demo's."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    title = models.CharField(max_length=200)
    content = models.TextField()
    status = models.CharField(max_length=20)
    author = models.ForeignKey(User, models.CASCADE, db_column="author")
    created_at = models.DateTimeField()

    class Meta:
        app_label = "demo"
        db_table = "demo_post"


def posts(request: HttpRequest) -> HttpResponse:
    """Show the newest posts with their authors."""
    shown = ("id", "title", "content", "status", "author__name", "created_at")
    newest = Post.objects.order_by("-created_at", "-id").values(*shown)
    statuses = ["DRAFT", "PUBLISHED", "ARCHIVED"]
    return render(request, "django_page.html", {"posts": newest, "statuses": statuses})


urlpatterns = [path("demo/posts", posts), path("demo/posts/<uuid:id>/delete", posts, name="delete")]

if __name__ == "__main__":
    from django.core.wsgi import get_wsgi_application
    from waitress import serve

    serve(get_wsgi_application(), listen=f"127.0.0.1:{sys.argv[2]}", threads=4)
