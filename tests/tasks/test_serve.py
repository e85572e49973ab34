"""What keeps ``serve`` from migrating is said, and doesn't keep it from serving."""

import pytest

from berceau.errors import DataLossError, RenameError
from berceau.tasks import serve

REFUSALS = {
    "data that would be lost": (
        DataLossError("The migration would lose data: table tag (3 rows)."),
        "Not migrated: the migration would lose data: table tag (3 rows).\n"
        "  If that is meant: invoke migrate --allow-data-loss\n",
    ),
    "a rename in doubt": (
        RenameError("Renamed, or dropped and added?\n    table a: --rename a=b"),
        "Not migrated: Renamed, or dropped and added?\n    table a: --rename a=b\n"
        "  Settle it: invoke migrate\n",
    ),
}


@pytest.mark.parametrize(("refusal", "says"), REFUSALS.values(), ids=REFUSALS)
def test_a_refused_migration_is_told(monkeypatch, capsys, refusal, says) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise refusal

    monkeypatch.setattr("berceau.tasks.serve.migrate_project", refuse)
    serve._migrate(None)
    assert capsys.readouterr().out == says
