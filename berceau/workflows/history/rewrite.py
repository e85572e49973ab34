"""History rewritten, files and ledger: what a kill interrupts, the next command finishes."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from berceau.errors import Location, MigrationFileError
from berceau.migration.migration import Migration
from berceau.postgres.core.connection import Connection, transaction
from berceau.postgres.runner import ledger
from berceau.schema.codec import decode, encode
from berceau.workflows.deploy import migration_directory
from berceau.workflows.shared.files import write


@dataclass(frozen=True)
class Move:
    """The migration called ``before`` becomes ``after``."""

    before: str
    after: Migration


@dataclass(frozen=True)
class Rewrite:
    """What becomes of migrations: the ``moves``, and a ``new`` one in the place of the ``gone``."""

    moves: tuple[Move, ...] = ()
    new: Migration | None = None
    gone: tuple[str, ...] = ()


def rewrite(connection: Connection, folder: Path, plan: Rewrite) -> None:
    """Carry ``plan`` out in the folder ``folder`` and in the ledger.

    It is written down first, so that, whatever interrupts it, ``finish`` ends it.
    """
    write(folder / migration_directory.REWRITE, json.dumps(encode(plan), indent=1) + "\n")
    _carry_out(connection, folder, plan)


def finish(connection: Connection, folder: Path) -> Rewrite | None:
    """Carry out what an interruption left of a rewrite; return it, if there was one."""
    journal = folder / migration_directory.REWRITE
    if not os.path.lexists(journal):
        return None
    try:
        plan = decode(Rewrite, json.loads(journal.read_bytes()))
    except (OSError, ValueError, TypeError) as error:
        raise MigrationFileError(
            "What a command that rewrites migrations/ had begun can't be read.",
            where=Location(file=journal),
            cure="Restore migrations/ (git checkout), and remove this file.",
        ) from error
    _carry_out(connection, folder, plan)
    return plan


def _carry_out(connection: Connection, folder: Path, plan: Rewrite) -> None:
    """Do what isn't done yet; any part of it may be."""
    for move in plan.moves:
        migration_directory.move(folder, move.before, move.after)
    if plan.new is not None:
        migration_directory.replace_by(folder, plan.gone, plan.new)
    migration_directory.point_head(folder)
    _record(connection, plan)
    (folder / migration_directory.REWRITE).unlink()


def _record(connection: Connection, plan: Rewrite) -> None:
    known = {line.name for line in ledger.read(connection)}
    moves: Sequence[Move] = [move for move in plan.moves if move.before in known]
    if not moves and plan.new is None:
        return
    ledger.ensure(connection)
    with transaction(connection):
        for move in moves:
            ledger.rename(connection, move.before, move.after)
        if plan.new is not None:
            ledger.record(connection, plan.new)
