"""The demo in Django: its settings, models, form and views, as files of a project."""

SETTINGS = '''
"""Settings as ``startproject`` makes them."""

SECRET_KEY = "a benchmark's"
ALLOWED_HOSTS = ["*"]
USE_TZ = True
ROOT_URLCONF = "posts.urls"
INSTALLED_APPS = ["django.contrib.sessions", "posts"]
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {{
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {{"context_processors": ["django.template.context_processors.request"]}},
    }}
]
DATABASES = {{
    "default": {{
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "benchmark",
        "USER": {user!r},
        "PASSWORD": {password!r},
        "HOST": {host!r},
        "PORT": {port!r},
        "ATOMIC_REQUESTS": True,
    }}
}}
'''

MODELS = '''
"""Users who write posts."""

import uuid

from django.db import models


class Status(models.TextChoices):
    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    ARCHIVED = "ARCHIVED"


class User(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=100, unique=True)
    email = models.CharField(max_length=254, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)


class Post(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    title = models.CharField(max_length=200)
    content = models.TextField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    author = models.ForeignKey(User, models.CASCADE, related_name="posts")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
'''

VIEWS = '''
"""The page of posts, and the form that writes one."""

from django import forms
from django.shortcuts import redirect, render

from .models import Post, Status, User


class PostForm(forms.Form):
    title = forms.CharField(max_length=200)
    content = forms.CharField(max_length=10_000)
    status = forms.ChoiceField(choices=Status.choices)
    name = forms.CharField(max_length=100)
    email = forms.EmailField(max_length=254)


def posts(request):
    form = PostForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        name, email = values.pop("name"), values.pop("email").lower()
        author = User.objects.filter(email=email).first()
        if author is None:
            if User.objects.filter(name=name).exists():
                form.add_error("name", "Another author has this name.")
            else:
                author = User.objects.create(name=name, email=email)
        if author is not None:
            Post.objects.create(author=author, **values)
            return redirect("posts")
    newest = Post.objects.select_related("author").order_by("-created_at", "id")
    context = {"posts": newest, "statuses": Status.values, "form": form}
    return render(request, "posts.html", context, status=422 if request.POST else 200)


def delete(request, id):
    Post.objects.filter(id=id).delete()
    return redirect("posts")
'''

URLS = '''
"""Addresses."""

from django.urls import path

from . import views

urlpatterns = [
    path("demo/posts", views.posts, name="posts"),
    path("demo/posts/<uuid:id>/delete", views.delete, name="delete"),
]
'''
