"""The entity of favorites."""

from pony.orm import PrimaryKey, Required

from berceau.orm import db
from components.articles.entities import Article
from components.users.entities import Member


class Favorite(db.Entity):
    """A member likes an article."""

    article = Required(Article, cascade_delete=True)
    member = Required(Member, cascade_delete=True, index=True)
    PrimaryKey(article, member)
