"""Rules for SQL by hand that squawk doesn't have: each finds statements by their words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from berceau.migration.splitter import NAME
from berceau.migration.statement_words import levels
from berceau.schema.statement import Hazard

TABLE = rf"(?:if exists )?(?:only )?(?:{NAME} \. )?(?P<table>{NAME})(?= |$)"
"""A table's name among the words, with the schema and what may stand before it."""

_ALTER = rf"^alter table {TABLE} (?:\* )?(?:.* )?"


@dataclass(frozen=True)
class Rule:
    """What ``pattern`` finds in the words of a statement, but not where ``unless`` is found.

    ``unless`` is looked for in all statements so far and those of the same file; it may name the
    groups of ``pattern``. A table that the same file creates is used by no other session yet, so
    only rules for ``new`` tables apply. A comment that names the hazard ``answered`` says that the
    statement is meant. A rule that reads ``levels`` looks at each pair of parentheses by itself.
    """

    name: str
    pattern: str
    message: str
    advice: str
    unless: str | None = None
    answered: Hazard | None = None
    levels: bool = False
    new: bool = False

    def matches(self, words: str) -> Iterator[re.Match[str]]:
        """Yield where the rule applies to the ``words`` of a statement."""
        for text in levels(words) if self.levels else (words,):
            yield from _compiled(self.pattern).finditer(text)


def _foreign_key(added: str) -> Rule:
    return Rule(
        "foreign-key-without-index",
        rf"{_ALTER}{added}(?= |$)",
        "No index begins with the columns of the foreign key: each DELETE of a row that may be "
        "referred to, and each change of its key, reads the whole table.",
        "CREATE INDEX CONCURRENTLY on these columns.",
        unless=r"^create (?:unique )?index .*on (?:only )?(?:\S+ \. )?{table} .*?\( {columns} [,)]"
        r"|^(?:create|alter) table (?:.* )?{table} .*(?:primary key|unique) \( {columns} [,)]",
        new=True,
    )


_REWRITES = "writes the whole table again, and no other session can read or write it meanwhile"
_NEXT_TO_IT = "Make the new table beside the old one, and fill it in batches."

RULES = (
    Rule(
        "cluster",
        rf"^cluster (?:verbose )?(?:\(.*?\) )?{TABLE}|^cluster$",
        f"CLUSTER {_REWRITES}.",
        "Use pg_repack, which only locks the table for moments.",
        answered=Hazard.REWRITES_TABLE,
    ),
    Rule(
        "vacuum-full",
        rf"^vacuum (?:\([^)]*\bfull\b[^)]*\)|full)(?: verbose| analyze| freeze)*(?: {TABLE})?",
        f"VACUUM FULL {_REWRITES}.",
        "Use VACUUM, or pg_repack where the file has to become smaller.",
        answered=Hazard.REWRITES_TABLE,
    ),
    Rule(
        "set-storage-of-table",
        _ALTER + r"set (?P<what>logged|unlogged|tablespace|access method)\b",
        f"It {_REWRITES}.",
        f"{_NEXT_TO_IT} An unlogged table is empty after a crash, and isn't on replicas.",
        answered=Hazard.REWRITES_TABLE,
    ),
    Rule(
        "set-tablespace",
        r"^alter (?:index|materialized view) .*set tablespace\b",
        "It copies the whole file, and no other session can use it meanwhile.",
        "Create another index CONCURRENTLY in the new tablespace, and drop the old one.",
    ),
    Rule(
        "refresh-without-concurrently",
        r"^refresh materialized view (?!concurrently\b)(?!.* with no data$)",
        "Until the refresh ends, no other session can read the view.",
        "Use REFRESH MATERIALIZED VIEW CONCURRENTLY; the view needs a unique index.",
    ),
    Rule(
        "lock-table",
        rf"^lock (?:table )?{TABLE}(?!.* in (?:access share|row share|row exclusive) mode)",
        "LOCK TABLE keeps other sessions waiting until the transaction ends.",
        "Leave it out: each statement takes the lock that it needs.",
    ),
    Rule(
        "attach-partition-without-check",
        rf"^alter table .* attach partition (?:{NAME} \. )?(?P<table>{NAME})\b(?!.* default$)",
        "PostgreSQL reads the whole partition while the table is locked, to see that the rows fit.",
        "Before it, add a CHECK constraint with the partition's bounds to the new partition, "
        "NOT VALID, and VALIDATE it.",
        unless=r"^alter table (?:\S+ \. )?{table} (?:validate constraint|"
        r"add (?:constraint \S+ )?check \((?!.*not valid))",
    ),
    Rule(
        "create-table-as",
        r"^create (?:unlogged )?table [^()]*(?:\(\) )?[^()]*\bas (?:select|table|with|\(\))"
        r"(?!.* with no data$)(?!.* limit )|^(?:with .* )?select .* into (?!temp|temporary)",
        "It copies all rows in one transaction. What other sessions write meanwhile is missing.",
        f"{_NEXT_TO_IT} Let a trigger copy what is written meanwhile.",
        levels=True,
    ),
    Rule(
        "insert-whole-table",
        r"(?:^|\) )insert into [^ ]+(?: \. [^ ]+)?(?: \(\))?(?: overriding \w+ value)? "
        r"(?:table (?P<table>\S+)|select (?!.* (?:where|limit|fetch) ).*\bfrom "
        rf"(?!(?:generate_series|unnest|json\w+) )(?:{NAME} \. )?(?P<source>{NAME}))",
        "It copies all rows in one transaction. What other sessions write meanwhile is missing.",
        "Copy in batches, by ranges of the primary key, each in a transaction of its own.",
        levels=True,
    ),
    Rule(
        "add-serial",
        _ALTER + rf"add (?:column )?(?:if not exists )?{NAME} (?:small|big)?serial[248]?\b",
        f"Each row gets a number: PostgreSQL {_REWRITES}.",
        "Add the column without a default, give numbers in batches, and then set the default.",
        answered=Hazard.REWRITES_TABLE,
    ),
    Rule(
        "set-expression",
        _ALTER + r"alter (?:column )?\S+ set expression\b",
        f"PostgreSQL {_REWRITES}.",
        "Add another generated column, and let the code use it before this one is dropped.",
        answered=Hazard.REWRITES_TABLE,
    ),
    Rule(
        "primary-key-of-nullable-columns",
        _ALTER + r"add (?:constraint \S+ )?primary key using index\b",
        "Where a column may be NULL, PostgreSQL reads the whole table while it is locked.",
        "Before it, add CHECK (column IS NOT NULL) NOT VALID, VALIDATE it, and SET NOT NULL.",
        unless=r"^alter table (?:only )?(?:\S+ \. )?{table} (?:.* )?set not null\b",
    ),
    _foreign_key(r"add (?:constraint \S+ )?foreign key \( (?P<columns>[^)]*) \)"),
    _foreign_key(
        rf"add (?:column )?(?:if not exists )?(?!foreign )(?P<columns>{NAME}) [^,]* references"
    ),
    Rule(
        "update-without-where",
        rf"(?:^|\) )update {TABLE} (?!.* where )",
        "It changes every row in one transaction: whoever writes to a row waits until it ends.",
        "Update in batches: add a WHERE that finds what is to do, and `-- Batches` above it.",
        levels=True,
    ),
    Rule(
        "delete-without-where",
        rf"(?:^|\) )delete from {TABLE}(?! .*\bwhere )",  # noqa: S608 - a pattern
        "It deletes every row.",
        "Add a WHERE; if the table is to be empty, say so by a comment.",
        answered=Hazard.DATA_LOSS,
        levels=True,
    ),
    Rule(
        "merge-deletes",
        rf"(?:^|\) )merge into {TABLE} .*\bthen delete\b",
        "MERGE deletes rows of the whole table in one transaction.",
        "Delete in batches, by ranges of the primary key; or say by a comment that it is meant.",
        answered=Hazard.DATA_LOSS,
        levels=True,
    ),
    Rule(
        "truncate",
        rf"^truncate (?:table )?{TABLE}",
        "TRUNCATE deletes every row, and waits for all that reads the table.",
        "Delete the rows in batches; or say by a comment that it is meant.",
        answered=Hazard.DATA_LOSS,
    ),
    Rule(
        "not-in-subquery",
        r"\bnot in \( (?:with|select|table)\b",
        "Where the subquery gives one NULL, NOT IN is never true, so no row is found.",
        "Use NOT EXISTS, which also allows PostgreSQL to use an index.",
    ),
    Rule(
        "disable-trigger",
        _ALTER + r"disable (?:trigger|rule)\b",
        "While it is off, other sessions write without it. With ALL, foreign keys aren't checked.",
        "Write what the trigger would do in the migration, or let the trigger look at a setting.",
    ),
    Rule(
        "session-replication-role",
        r"^set (?:local |session )?session_replication_role\b"
        rf"|\bset_config \( '{b'session_replication_role'.hex()}'",
        "It switches triggers and foreign keys off: rows may refer to what isn't there.",
        "Remove it; a migration's order makes it needless.",
    ),
    Rule(
        "concurrently-if-not-exists",
        r"^create (?:unique )?index concurrently if not exists\b",
        "An attempt that failed leaves an invalid index of this name, and IF NOT EXISTS keeps it.",
        "Leave IF NOT EXISTS out: Berceau drops what a failed attempt left before it tries again.",
    ),
    Rule(
        "prefer-jsonb",
        rf"^(?:create table .*[(,] {NAME}|alter table .*\badd (?:column )?(?:if not exists )?{NAME}"
        rf"|alter table .*\balter (?:column )?{NAME} (?:set data )?type) json\b(?! \()",
        "json has no equality: DISTINCT, GROUP BY and indexes fail, and each use parses it again.",
        "Use jsonb.",
    ),
    Rule(
        "security-definer-without-search-path",
        r"^(?:create (?:or replace )?|alter )(?:function|procedure|routine) "
        r"(?=.*\bsecurity definer\b)(?!.*\bset search_path\b)",
        "Its caller chooses the search_path, and so the objects that its owner's rights act on.",
        "Add SET search_path = the schema, pg_temp.",
    ),
    Rule(
        "grant-to-public",
        r"^(?:alter default privileges .*)?grant .*\bto (?:.*, )?public\b",
        "Every role of the server gets this right, those to come, too.",
        "Grant it to the role that needs it.",
    ),
    Rule(
        "revoke",
        rf"^revoke (?!.* from public(?: cascade| restrict)?$).*?\bon (?:table )?(?:{NAME} \. )?"
        rf"(?P<table>{NAME})",
        "The running release may need the right: its statements are refused at once.",
        "Revoke it in a migration with `-- Phase: contract`, which waits for the old processes.",
    ),
    Rule(
        "row-level-security",
        _ALTER + r"(?:enable|disable|force|no force) row level security\b",
        "At once, the running release sees other rows: none without a policy, or all.",
        "Create the policies before, and deploy the code that they expect first.",
    ),
    Rule(
        "rewrite-rule",
        rf"^create (?:or replace )?rule \S+ as on \w+ to (?:{NAME} \. )?(?P<table>{NAME})",
        "A rule rewrites queries: RETURNING, counts of rows and volatile values change silently.",
        "Use a trigger, or a view with INSTEAD OF triggers.",
    ),
    Rule(
        "move-table-with-citus",
        r"^select .*\b(?:create_distributed_table|create_reference_table|undistribute_table"
        r"|alter_distributed_table)\b",
        "Citus copies all rows while writers wait. Without Citus it fails, and history can't know.",
        "Write _reference_ or _distribute_ into the entity, and run invoke migrate.",
        answered=Hazard.MOVES_ROWS,
    ),
    Rule(
        "drop-owned",
        r"^(?:drop|reassign) owned by\b",
        "It takes all that the role owns, in each schema of this database.",
        "Name the objects.",
        answered=Hazard.DATA_LOSS,
    ),
)
"""The rules on single statements."""

LONG_UNDER_LOCK = Rule(
    "long-under-lock",
    rf"(?:^|\) )(?:update|delete from|merge into) {TABLE}"
    rf"|^create (?:unique )?index (?:\S+ )?on (?:only )?(?:{NAME} \. )?(?P<indexed>{NAME})"
    rf"|^alter table {TABLE.replace('table>', 'validated>')} .*\bvalidate constraint\b"
    r"|(?:^|\) )insert into .*\bselect .*\bfrom\b"
    r"|^create (?:unlogged )?table .* as (?:select|table|with|\(\))"
    r"|^refresh materialized view\b|^do\b",
    "It runs while {held} is locked: until the transaction ends, no other session can read or "
    "write that table.",
    "Give each of the two a transaction of its own by BEGIN; and COMMIT;, or swap them.",
    levels=True,
)
"""A statement that takes long, after one in the same transaction that locks a table wholly."""

DYNAMIC_SQL = Rule(
    "dynamic-sql",
    r"^do\b",
    "The block puts statements together while it runs: no check sees what they do.",
    "Write the statements themselves.",
)
"""A block whose text has EXECUTE, which the words of the statement don't show."""


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
