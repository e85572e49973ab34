"""The refusal of what the running release can't live with is one message for people."""

import pytest

from berceau.errors import MigrationError
from berceau.schema.release import Misfit
from berceau.workflows.compatibility.refusal import refuse_break


def test_what_has_no_safe_way_names_the_only_one_left() -> None:
    misfit = Misfit("Post", "note", ("post", "note"), ("UPDATE",), "", "no such row")
    with pytest.raises(
        MigrationError, match=r"main can't run .*\n    Post\.note: UPDATE"
    ) as caught:
        refuse_break("main", [misfit, misfit])
    assert caught.value.cure == (
        "Nothing was written. If no process of it runs meanwhile, add --allow-downtime."
    )
