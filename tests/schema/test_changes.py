"""What each change says of itself."""

from typing import get_args

import pytest

from berceau.schema import changes, renaming
from berceau.schema.changes import Change
from berceau.schema.model import Check, Column, Enum, Index, OldName, PrimaryKey, Table, Transfer
from berceau.schema.placement import Distribution
from berceau.schema.sync import SyncTrigger

COLUMN = Column("id", "integer")
TABLE = Table("post", (COLUMN,))
ENUM = Enum("mood", ("sad",))
OLD_ENUM = Enum("feeling", ("sad",))
KEY = PrimaryKey("post_pkey", ("id",))
CHECK = Check("post_check", "id > 0")
TRANSFER = Transfer("note", "post", "id", (("text", "text"),))
OLD_NAME = OldName("article", (("no", "id"),))
INDEX = Index("post_idx", ("id",))

TABLES = (
    changes.CreateTable(TABLE),
    changes.DropTable(TABLE),
    changes.AddColumn("post", COLUMN),
    changes.AlterColumn("post", COLUMN, COLUMN),
    changes.Backfill("post", "id", "1"),
    changes.Recode("post", "id", ()),
    changes.DeleteRows("post", "id", "1"),
    changes.DropColumn("post", COLUMN),
    changes.Disown("post", "post_id_seq"),
    changes.AddConstraint("post", CHECK),
    changes.ValidateConstraint("post", CHECK),
    changes.ReplaceKey("post", KEY, KEY, INDEX),
    changes.DropConstraint("post", CHECK),
    changes.CreateIndex("post", INDEX),
    changes.DropIndex("post", INDEX),
    changes.Distribute("post", None, Distribution("id")),
    renaming.RenameTable("article", "post"),
    renaming.RenameColumn("post", "no", "id"),
    renaming.RenameConstraint("post", "check", "post_check"),
    renaming.AlterSyncTrigger("post", None, SyncTrigger()),
    renaming.KeepName("post", OLD_NAME),
    renaming.EndName("post", OLD_NAME),
    renaming.StartTransfer("post", TRANSFER),
    renaming.EndTransfer("post", TRANSFER),
)
ENUMS = (
    changes.CreateEnum(ENUM),
    changes.AlterEnum(OLD_ENUM, ENUM),
    changes.RebuildEnum(OLD_ENUM, ENUM, OLD_ENUM, (changes.Use("post", COLUMN, None),)),
    changes.DropEnum(ENUM),
    renaming.RenameEnum("feeling", "mood"),
    renaming.RenameLabel("mood", "glum", "sad"),
)
SEVERAL_OR_NONE = (
    changes.SetAside((("post", "id"),)),
    changes.Restore(),
    renaming.RenameIndex("index", "post_idx"),
    renaming.RenameSequence("numbers", "post_id_seq"),
)
CASES = (
    *((change, "post", "post") for change in TABLES),
    *((change, "mood", None) for change in ENUMS),
    *((change, "", None) for change in SEVERAL_OR_NONE),
)


@pytest.mark.parametrize(("change", "subject", "table"), CASES, ids=lambda of: type(of).__name__)
def test_a_change_says_what_it_is_about(change: Change, subject: str, table: str | None) -> None:
    assert (change.subject, change.table_name) == (subject, table)


def test_no_change_is_forgotten_here() -> None:
    assert {type(change) for change, *_ in CASES} == set(get_args(Change))
