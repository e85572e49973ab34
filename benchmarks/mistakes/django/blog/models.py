"""The model of the comparison, as Django's users write it."""

import uuid

from django.db import models


class Status(models.TextChoices):
    """How far a post has come."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"


class User(models.Model):
    """Somebody who writes or edits posts."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=100, unique=True)


class Post(models.Model):
    """A text by one author."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    title = models.CharField(max_length=200)
    summary = models.TextField(null=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    rating = models.IntegerField(default=0)
    author = models.ForeignKey(User, models.CASCADE, related_name="posts")
    editor = models.ForeignKey(User, models.SET_NULL, null=True, related_name="edited")
