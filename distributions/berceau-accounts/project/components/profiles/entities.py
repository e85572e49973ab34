"""The entities of profiles."""

from berceau_accounts.entities import User
from pony.orm import Optional, PrimaryKey, Required

from berceau.orm import db


class Profile(db.Entity):
    """What the application keeps of a user."""

    id = PrimaryKey(int, auto=True)
    user = Required(User, unique=True, reverse="profile", cascade_delete=True, column="user_id")
    name = Optional(str, 100)
