"""The fixture ``migrator``, in a project's own run of pytest."""

import pytest

FIRST = "CREATE TABLE singer (name text NOT NULL);\n"
SPLIT = """
ALTER TABLE singer ADD COLUMN first text, ADD COLUMN last text;
UPDATE singer SET first = split_part(name, ' ', 1), last = split_part(name, ' ', 2);
ALTER TABLE singer DROP COLUMN name;
"""
JOIN = """
ALTER TABLE singer ADD COLUMN name text;
UPDATE singer SET name = first || ' ' || last;
ALTER TABLE singer DROP COLUMN first, DROP COLUMN last;
"""
TESTS = """
    import pytest

    def test_names_are_split_and_joined(migrator):
        migrator.up_before("split_names")
        migrator.execute("INSERT INTO singer VALUES (%s)", ["Ada Lovelace"])
        migrator.up()
        assert migrator.execute("SELECT first, last FROM singer") == [("Ada", "Lovelace")]
        migrator.down()
        assert migrator.applied == ("20260101000000_people",)
        assert migrator.execute("SELECT name FROM singer") == [("Ada Lovelace",)]
        migrator.up_to("20260102000000_split_names")
        with pytest.raises(Exception, match="no further migration"):
            migrator.up()
        with pytest.raises(Exception, match="is applied already"):
            migrator.up_to("people")

    def test_it_begins_before_the_first(migrator):
        assert migrator.applied == ()
        assert migrator.execute("SELECT to_regclass('singer')") == [(None,)]
        with pytest.raises(Exception, match="no migration called other") as refusal:
            migrator.up_to("other")
        assert "There are: 20260101000000_people, 20260102000000_split_names" in str(refusal.value)

    def test_a_migration_that_fails_says_where(migrator):
        migrator.up_to("people")
        migrator.execute("ALTER TABLE singer ADD COLUMN first int")
        with pytest.raises(Exception, match="already exists") as refusal:
            migrator.up()
        assert "20260102000000_split_names/migration.sql:2" in str(refusal.value)
"""


@pytest.mark.slow
def test_a_test_goes_along_the_migrations(connected, query) -> None:
    connected.migration("20260101000000_people", FIRST)
    connected.migration("20260102000000_split_names", SPLIT)
    connected.write("migrations/20260102000000_split_names/down.sql", JOIN)
    connected.write("components/people/tests/test_people.py", TESTS)
    result = connected.run("pytest", "-q")
    assert result.code == 0, result
    left = "SELECT FROM pg_tables WHERE schemaname ~ 'scratch' AND tablename = 'singer'"
    assert query(left) == []
