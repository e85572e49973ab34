"""Entities whose objects are read in loops."""

import pony.orm
from pony.orm import LongStr, Optional, Required, Set

OBJECTS = 12

database = pony.orm.Database()


class Author(database.Entity):
    name = Required(str)
    bio = Optional(LongStr)
    note = Optional(str, lazy=True)
    posts = Set("Post")
    profile = Optional("Profile")
    groups = Set("Group")
    letters = Set("Letter", lazy=True)


class Group(database.Entity):
    name = Required(str)
    authors = Set(Author)


class Letter(database.Entity):
    author = Required(Author)


class Profile(database.Entity):
    author = Required(Author)
    text = Optional(str)


class Post(database.Entity):
    title = Required(str)
    n = Required(int)
    author = Required(Author)
    tags = Set("Tag")


class Tag(database.Entity):
    name = Required(str)
    posts = Set(Post)


def populate() -> None:
    tags = [Tag(name=f"tag {number}") for number in range(OBJECTS)]
    group = Group(name="all")
    for number in range(OBJECTS):
        author = Author(name=f"author {number}", bio="long", note="short", groups=[group])
        Profile(author=author, text="text")
        Letter(author=author)
        for n in range(3):
            Post(title=f"post {n}", n=n, author=author, tags=tags[number : number + 2])
