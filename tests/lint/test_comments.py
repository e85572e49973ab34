"""What authors write beside attributes, and what only tools read."""

from berceau.lint.comments import comments

SOURCE = '''
class Post(db.Entity):
    """A text."""

    title = Required(str, 200)  # The headline: "short" # and sharp.
    # What it says,
    # in Markdown.
    body = Required(str)

    tags = Set("Tag")  # noqa: A003 - no comment
    slug: object = Optional(str)
    """Its part of the address.

    It never changes.
    """
    price = Required(
        Decimal,  # not this one
        precision=10,
    )  # In euros.
    # A comment on nothing.

    plain = Optional(str, default="# no comment")
    #: As Sphinx has it.
    state = Required(int)

    def method(self):
        local = 1  # Not an attribute.


class State(Enum):
    ON = "on"  # It shines.
'''


def test_comments_and_texts_belong_to_their_attributes() -> None:
    assert comments(SOURCE.encode()) == {
        "Post.title": 'The headline: "short" # and sharp.',
        "Post.body": "What it says,\nin Markdown.",
        "Post.slug": "Its part of the address.\n\nIt never changes.",
        "Post.price": "In euros.",
        "Post.state": "As Sphinx has it.",
        "State.ON": "It shines.",
    }


def test_what_does_not_parse_has_no_comments() -> None:
    assert comments(b"class Post(:\n    a = 1  # one\n") == {}
