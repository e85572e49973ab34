"""The project's commands."""

from berceau.tasks import namespace

__all__ = ["namespace"]
