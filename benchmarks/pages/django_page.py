"""The demo's page of posts on Django: ``python django_page.py URL PORT`` serves it on waitress."""

import sys
import uuid

from django_settings import configure

if __name__ == "__main__":
    configure(sys.argv[1], __name__)

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
