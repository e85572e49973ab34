"""Who follows whom."""

from pony.orm import PrimaryKey, Required

from berceau.orm import db
from components.users.entities import Member


class Follow(db.Entity):
    """A member reads what another one writes."""

    follower = Required(Member, cascade_delete=True)
    followed = Required(Member, cascade_delete=True, index=True)
    PrimaryKey(follower, followed)
