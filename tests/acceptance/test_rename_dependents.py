"""What only SQL can declare follows a rename, as PostgreSQL itself carries it along."""

from berceau.postgres.inspect import catalog
from berceau.postgres.inspect.preview import preview
from berceau.postgres.inspect.scratch import scratch
from berceau.schema.rename_changes import inverse, moves
from berceau.schema.renames import Kind, Rename
from berceau.schema.sql import to_statements

LAMP = """
CREATE TYPE state AS ENUM ('on', 'off');
CREATE TABLE lamp (
    id serial PRIMARY KEY,
    label text CHECK (label <> ''),
    states state[] DEFAULT '{on}',
    twin integer REFERENCES lamp,
    CONSTRAINT lamp_check CHECK (label <> 'x' OR 'on' = ANY (states))
);
CREATE UNIQUE INDEX lamp_label_idx ON lamp (label);
CREATE INDEX lamp_lower_idx ON lamp (lower(label)) WHERE 'off' = ANY (states);
CREATE VIEW bright AS SELECT label FROM lamp WHERE 'on' = ANY (states);
INSERT INTO lamp (label, states) VALUES ('a', '{on,off}'), ('b', '{off}');
"""
RENAMES = (
    Rename(Kind.ENUM, None, "state", "mode"),
    Rename(Kind.LABEL, "state", "on", "lit"),
    Rename(Kind.TABLE, None, "lamp", "light"),
    Rename(Kind.COLUMN, "lamp", "label", "name"),
    Rename(Kind.COLUMN, "lamp", "states", "modes"),
)


def test_checks_expressions_arrays_and_views_follow(server) -> None:
    with scratch(server.migration_url) as connection, connection.cursor() as cursor:
        cursor.execute(LAMP)
        before = catalog.read(connection)
        changes = moves(before, RENAMES)
        after = preview(connection, to_statements(changes))
        assert catalog.read(connection) == before
        (enum,), (table,) = after.enums, after.tables
        columns = {column.name: column for column in table.columns}
        assert (enum.name, enum.labels) == ("mode", ("lit", "off"))
        assert (columns["modes"].type, columns["modes"].default) == ("mode[]", "'{lit}'::mode[]")
        assert columns["id"].sequence == "light_id_seq"
        assert {check.name: check.expression for check in table.checks} == {
            "light_name_check": "(name <> ''::text)",
            "light_check": "((name <> 'x'::text) OR ('lit'::mode = ANY (modes)))",
        }
        assert {index.name: index.keys for index in table.indexes} == {
            "light_name_idx": ("name",),
            "lamp_lower_idx": ("lower(name)",),
        }
        assert [key.target for key in table.foreign_keys] == ["light"]

        for statement in to_statements(changes):
            cursor.execute(str(statement))
        assert catalog.read(connection) == after
        cursor.execute("SELECT label FROM bright")
        assert cursor.fetchall() == [("a",)]
        for statement in to_statements(inverse(changes)):
            cursor.execute(str(statement))
        assert catalog.read(connection) == before
