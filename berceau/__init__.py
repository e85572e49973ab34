"""Berceau: modular web applications on PostgreSQL, made of drop-in components."""

from typing import TYPE_CHECKING, Any

from berceau import lazy

__all__ = ["ComponentSettings", "__version__", "includeme", "setting"]

__version__ = "0.1.0"
"""The version of Berceau, such as ``0.1.0``."""


def includeme(config: Any) -> None:
    """Give a Pyramid application the components, the database and units of work.

    ``config`` is a ``pyramid.config.Configurator`` whose setting ``berceau.root`` names the
    project's folder. Pyramid calls this for ``config.include("berceau")``. Raises ``BerceauError``
    where the project can't be served: a component has a mistake, or the database can't be reached.
    """
    config.include("berceau.web.app")


if TYPE_CHECKING:
    from berceau.settings.component import ComponentSettings, setting
else:
    __getattr__, __dir__ = lazy.offer(
        __name__,
        {
            "ComponentSettings": "berceau.settings.component",
            "setting": "berceau.settings.component",
        },
    )
