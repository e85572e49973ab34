"""The first articles."""

from typing import Any

from berceau.orm import unit_of_work
from components.articles.seeds import seed


def test_a_seeded_application_has_articles(visitor: Any) -> None:
    with unit_of_work():
        seed()
    articles = visitor.get("/articles?author=ada")["articles"]
    assert [each["slug"] for each in articles] == [
        "on-the-analytical-engine",
        "how-to-train-your-dragon",
    ]
