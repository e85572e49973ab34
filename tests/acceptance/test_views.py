"""Views that no migration knows: they stand aside while a column changes its type, and return."""

import pytest

from berceau.errors import StatementError
from berceau.workflows import scripts
from berceau.workflows.deploy import deploy

POST = "class Post(db.Entity):\n    n = Optional(int)\n    s = Optional(str, 9)\n"
WIDER = {
    "a table rewritten": POST.replace("int", "int, size=64"),
    "a type taken as it is": POST.replace("9", "20"),
}
VIEWS = """
INSERT INTO post (n, s) VALUES (1, 'one');
CREATE VIEW numbers AS SELECT n, s FROM post;
CREATE VIEW ones AS SELECT n FROM numbers WHERE n = 1;
COMMENT ON VIEW ones IS 'the ones';
CREATE INDEX by_length ON post (length(s));
"""


@pytest.mark.parametrize("after", WIDER.values(), ids=WIDER)
def test_a_view_that_no_migration_made_is_no_obstacle(migrate, query, after):
    migrate(POST)
    query(VIEWS)
    migrate(after)
    assert query("SELECT n, s FROM numbers NATURAL JOIN ones") == [(1, "one")]
    assert query("SELECT obj_description('ones'::regclass)") == [("the ones",)]
    assert query("SELECT to_regclass('by_length') IS NOT NULL") == [(True,)]


def test_without_views_a_migration_says_nothing_of_them(migrate, settings):
    migrate(POST)
    migrate(WIDER["a table rewritten"])
    (_, script) = scripts.read(settings.migrations)
    assert "set_aside" not in script.sql


def test_a_view_of_production_alone_stops_the_deploy_and_nothing_is_lost(
    migrate, query, settings, database
):
    migrate(POST)
    migrate(WIDER["a table rewritten"], create_only=True)
    query(VIEWS)
    with pytest.raises(StatementError, match="used by a view or rule"):
        deploy(database.owner, scripts.read(settings.migrations))
    assert query("SELECT n FROM ones") == [(1,)]
    query("DROP VIEW ones, numbers")
    deploy(database.owner, scripts.read(settings.migrations))
    assert query("SELECT pg_typeof(n)::text FROM post") == [("bigint",)]
