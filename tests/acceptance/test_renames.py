"""Renames are declared or confirmed, carry everything with them, and can be undone."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from berceau.errors import RenameError


@dataclass(frozen=True)
class Case:
    """Entities before and after, the values of ``--rename``, and the statements that result."""

    before: str
    after: str
    renames: Sequence[str]
    statements: Sequence[str]


POST = "class Post(db.Entity):\n    title = Required(str)\n"

CASES = {
    "a column": Case(
        POST,
        POST.replace("title", "headline"),
        ["post.title=headline"],
        ["ALTER TABLE post RENAME COLUMN title TO headline;"],
    ),
    "a table": Case(
        POST,
        POST.replace("Post", "Article"),
        ["post=article"],
        [
            "ALTER TABLE post RENAME TO article;",
            "ALTER INDEX post_pkey RENAME TO article_pkey;",
            "ALTER SEQUENCE post_id_seq RENAME TO article_id_seq;",
        ],
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_renames(migrate, case):
    migrate(case.before)
    outcome = migrate(case.after, renames=case.renames)
    assert [str(statement) for statement in outcome.statements] == case.statements


def test_a_likely_rename_is_refused_where_nobody_answers(migrate):
    migrate(POST)
    with pytest.raises(RenameError) as caught:
        migrate(POST.replace("title", "headline"))
    assert "--rename post.title=headline" in str(caught.value)
