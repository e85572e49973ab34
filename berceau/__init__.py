"""Berceau: modular web applications on PostgreSQL, made of drop-in components."""

from typing import Any

__version__ = "0.1.0"
__all__ = ["__version__", "includeme"]


def includeme(config: Any) -> None:
    """Give a Pyramid application the components, the database and units of work.

    ``config`` is a ``pyramid.config.Configurator``; use ``config.include("berceau")``.
    """
    config.include("berceau.web.app")
