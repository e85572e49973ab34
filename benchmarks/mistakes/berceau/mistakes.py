"""One mistake after each number: see checkers.py."""

from components.blog.entities import Post, User
from pony.orm import desc, select
from pony.orm import max as greatest


def reading(post: Post, user: User) -> None:
    """Read what isn't there, or may be empty."""
    # 1
    print(post.titel)
    # 2
    print(post.title + 1)
    # 3
    print(post.summary.upper())
    # 4
    print(post.author.nam)
    # 5
    print(post.editor.name)
    # 6
    print([each.titel for each in user.posts])


def writing(post: Post, user: User) -> None:
    """Write what doesn't fit."""
    # 7
    post.title = 3
    # 8
    post.title = None
    # 9
    post.status = "PUBLISHD"
    # 10
    post.author = "Ada"
    # 11
    post.set(titel="A title")
    # 12
    post.set(rating="good")
    # 13
    Post(title="A title")
    # 14
    Post(title="A title", author=user, sumary="")
    # 15
    Post(title=1, author=user)
    # 16
    Post(title="A title", author=user, status="PUBLISHD")


def finding() -> None:
    """Look for what can't be found."""
    # 17
    print(Post.get(titel="A title"))
    # 18
    print(Post.get(rating="good"))
    # 19
    print(Post.select(lambda post: post.rating > 3).first().title)
    # 20
    print(Post[1])
    # 21
    print(Post.select(lambda post: post.ratng > 3)[:])
    # 22
    print(select(post for post in Post if post.rating > "good")[:])
    # 23
    print(select(post for post in Post if post.author.nam == "Ada")[:])
    # 24
    print(Post.select().order_by(desc(Post.ratng))[:])
    # 25
    print(Post.select().prefetch(Post.autor)[:])
    # 26
    print(greatest(post.ratng for post in Post))
    # 27
    names: list[int] = list(select(post.title for post in Post))
    print(names)
