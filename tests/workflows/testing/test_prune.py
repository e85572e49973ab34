"""Which copies are dropped, and which are kept."""

import pytest

from berceau.postgres.clone.databases import create_empty, drop_database
from berceau.postgres.clone.databases import databases as names
from berceau.postgres.core.connection import connect
from berceau.workflows.shared.databases import embedded_server, resolve_databases
from berceau.workflows.testing.isolation import PREFIX, private_schema
from berceau.workflows.testing.prune import prune
from berceau.workflows.testing.template import TEMPLATE_PREFIX, name_of
from tests.workflows.testing.copies import BOTH, identity, run, visit


@pytest.mark.slow
@BOTH
def test_a_kept_copy_is_left_alone_until_it_is_pruned(settings, isolation) -> None:
    with private_schema(settings, isolation=isolation) as private:
        kept, _ = identity(private)
        run(private.connection, "INSERT INTO post (title) VALUES ('look at me')")
        private.keep()
        url = private.databases.migration_url
    assert visit(settings, isolation)[0] != kept
    with connect(url) as connection:
        assert run(connection, "SELECT title FROM post") == [("look at me",)]
    assert prune(resolve_databases(settings).migration_url).dropped
    assert visit(settings, isolation)[0] == kept


@pytest.mark.slow
def test_copies_of_a_database_that_is_gone_are_pruned(settings) -> None:
    source = resolve_databases(settings)
    lost, like = "berceau_lost", "berceau_test_of_somebody"
    embedded_server(settings).allow_databases()
    with connect(source.migration_url, autocommit=True) as owner:
        create_empty(owner, lost)
        create_empty(owner, like)
    mine = name_of(source.migration_url.with_database(lost))
    copies = [f"{mine}1", mine.replace(PREFIX, TEMPLATE_PREFIX) + "0" * 16]
    try:
        with connect(source.migration_url, autocommit=True) as owner:
            for name in copies:
                create_empty(owner, name)
        assert not set(copies) & set(prune(source.migration_url).dropped), (
            "a run there may hold them"
        )
        with connect(source.migration_url, autocommit=True) as owner:
            drop_database(owner, lost)
        assert set(copies) <= set(prune(source.migration_url).dropped)
        with connect(source.migration_url) as owner:
            assert set(names(owner)) & {*copies, lost, like} == {like}
    finally:
        with connect(source.migration_url, autocommit=True) as owner:
            for name in (*copies, lost, like):
                drop_database(owner, name)
