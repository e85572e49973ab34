"""Articles to begin with."""

import secrets

from components.users.service import sign_up

from .service import publish


def seed() -> None:
    """Write two articles by one author, who can't log in: the password is random."""
    author = sign_up("ada", "ada@example.org", secrets.token_urlsafe())
    publish(
        author,
        {
            "title": "How to train your dragon",
            "description": "Ever wonder how?",
            "body": "It takes patience, and fish.",
            "tag_list": ["dragons", "training"],
        },
    )
    publish(
        author,
        {
            "title": "On the analytical engine",
            "description": "What it can do, and what it can't",
            "body": "It can do whatever we know how to order it to perform.",
            "tag_list": ["engines"],
        },
    )
