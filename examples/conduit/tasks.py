"""The project's commands: ``invoke --list``."""

from berceau.tasks import namespace

__all__ = ["namespace"]
