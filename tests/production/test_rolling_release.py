"""Two processes become those of the next release, one by one, while visitors read and write."""

from contextlib import ExitStack

import pytest

from benchmarks.rolling.berceau_site import BerceauSite
from benchmarks.rolling.drill import drill
from benchmarks.rolling.kinds import KINDS, MORE_KINDS
from tests.conftest import private_schema


@pytest.mark.slow
def test_a_release_of_many_changes_fails_no_request_and_loses_no_write(server, tmp_path) -> None:
    kinds = (*KINDS, *MORE_KINDS)
    with ExitStack() as schemas:
        site = BerceauSite(
            kinds,
            tmp_path / "site",
            schemas.enter_context(private_schema(server)),
            schemas.enter_context(private_schema(server)),
        )
        outcome = drill(site, kinds, tmp_path / "log", each=1, pause=0.05, seconds=1)
    assert outcome.refused == ""
    for kind in kinds:
        tally = outcome.load.tallies[kind.name]
        assert not tally.failures, (kind.title, tally.examples)
        assert not tally.wrong, (kind.title, tally.examples)
        assert tally.lost == 0, kind.title
        assert tally.writes > 10, kind.title
