"""The one global Pony ``Database``; entities are ``class Post(db.Entity)``."""

from berceau.orm.database import db

__all__ = ["db"]
