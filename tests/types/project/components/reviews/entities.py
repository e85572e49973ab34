"""Reviews of posts, and what they add to people and posts."""

from components.blog.entities import Post, Tag
from components.people.entities import Person
from pony.orm import Optional, Required, Set

from berceau.orm import db, index


class Review(db.Entity):
    post = Required(Post, reverse="reviews")
    critic = Required(Person)
    rival = Optional(Person, reverse="rivalries")
    likes = Set(Person, reverse="liked")
    tags = Set(Tag, reverse="comments")
    text = Required(str)


class Badge(db.Entity):
    holder = Required(Person, unique=True, reverse="badge")
    label = Required(str)


class PersonReviews(Person, extend=True):
    """What reviews add to a person."""

    written = Set("Review", reverse="critic", cascade_delete=True)
    index("age")

    def best(self, number: int = 3) -> list[Review]:
        return list(self.written.select())[:number]

    @property
    def verdicts(self) -> list[str]:
        return [f"{self.label}: {review.text}" for review in self.written]

    @classmethod
    def critics(cls, least: int) -> list[Person]:
        return [person for person in cls.select() if len(person.written) >= least]

    @staticmethod
    def stars(number: int) -> str:
        return "*" * number


class TagReviews(Tag, extend=True):
    def label(self) -> str:
        return self.name.upper()
