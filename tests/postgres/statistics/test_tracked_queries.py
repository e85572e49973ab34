"""Which of the counted statements are the application's."""

import pytest

from berceau.planner.shapes import shape
from berceau.postgres.statistics.tracked_queries import is_of_application

OF_USERS = (
    "SELECT jpg_url, mpg_city FROM car WHERE pg_rating > 3",
    "SELECT a FROM post WHERE extract(epoch FROM pg_day) = 7",
    "SELECT a FROM post WHERE b IS DISTINCT FROM pg_day",
    'SELECT a.b FROM "jpg_file" a JOIN mpg_list c ON a.id = c.id',
    "UPDATE post SET a = 1 WHERE berceau_number = 7",
    "INSERT INTO post (a) VALUES (1)",
    "DELETE FROM only_post WHERE a = 1",
    "WITH a AS (SELECT b FROM post) SELECT b FROM a",
    "TABLE post",
)
OF_OTHERS = (
    "SELECT oid FROM pg_class",
    'SELECT a FROM "pg_catalog"."pg_class"',
    "SELECT a FROM (SELECT 1 FROM pg_catalog.pg_class) b",
    "SELECT a FROM post JOIN pg_class c ON c.relname = post.name",
    "SELECT query FROM berceau_statistics.pg_stat_statements",
    "select table_name from information_schema.tables",
    "SELECT name FROM public.berceau_migration",
    'INSERT INTO "berceau_process" (a) VALUES (1)',
    "UPDATE ONLY berceau_seed SET a = 1",
    "SELECT set_config('search_path', 'a', false)",
    "SELECT set_config(name, '0', false) FROM settings",
    "SELECT to_regclass('post') IS NULL",
    "SELECT pg_advisory_lock(7)",
    "SELECT 1",
    "VALUES (1)",
    "SELECT extract(epoch FROM now())",
)


@pytest.mark.parametrize("text", OF_USERS)
def test_what_reads_tables_of_the_application_is_kept(text: str) -> None:
    assert is_of_application(shape(text))


@pytest.mark.parametrize("text", OF_OTHERS)
def test_catalogs_and_bookkeeping_are_left_out(text: str) -> None:
    assert not is_of_application(shape(text))
