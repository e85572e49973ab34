"""One mistake after each number: see checkers.py."""

from blog.models import Post, User
from django.db.models import Max


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
    print([each.titel for each in user.posts.all()])


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
    Post.objects.filter(pk=post.pk).update(titel="A title")
    # 12
    Post.objects.filter(pk=post.pk).update(rating="good")
    # 13
    Post.objects.create(title="A title")
    # 14
    Post.objects.create(title="A title", author=user, sumary="")
    # 15
    Post.objects.create(title=1, author=user)
    # 16
    Post.objects.create(title="A title", author=user, status="PUBLISHD")


def finding() -> None:
    """Look for what can't be found."""
    # 17
    print(Post.objects.get(titel="A title"))
    # 18
    print(Post.objects.get(rating="good"))
    # 19
    print(Post.objects.filter(rating__gt=3).first().title)
    # 20
    print(Post.objects.get(pk=1))
    # 21
    print(Post.objects.filter(ratng__gt=3))
    # 22
    print(Post.objects.filter(rating__gt="good"))
    # 23
    print(Post.objects.filter(author__nam="Ada"))
    # 24
    print(Post.objects.order_by("-ratng"))
    # 25
    print(Post.objects.select_related("autor"))
    # 26
    print(Post.objects.aggregate(Max("ratng")))
    # 27
    names: list[int] = list(Post.objects.values_list("title", flat=True))
    print(names)
