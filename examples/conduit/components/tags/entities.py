"""The entity of tags."""

from pony.orm import PrimaryKey

from berceau.orm import db

TAG_LENGTH = 100


class Tag(db.Entity):
    """A word."""

    name = PrimaryKey(str, TAG_LENGTH)
