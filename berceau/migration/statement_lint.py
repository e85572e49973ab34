"""Our own linter of SQL by hand: the rules, held against the statements of a migration."""

import itertools
import re
from collections.abc import Container, Iterable, Iterator, Sequence, Set

from berceau.migration.lint import Remark
from berceau.migration.migration import UP, Migration
from berceau.migration.splitter import NAME, ParsedStatement, split
from berceau.migration.statement_rules import DYNAMIC_SQL, LONG_UNDER_LOCK, RULES, TABLE, Rule
from berceau.migration.statement_words import unquoted, words
from berceau.migration.transaction_groups import Mode, cut

_EXCLUSIVE = re.compile(
    rf"(?:alter table(?! .* (?:validate constraint|foreign key|set statistics|attach partition)\b)"
    rf"(?! .* (?:enable|disable) trigger\b)"
    rf"|truncate(?: table)?|drop table|lock(?: table)?(?! .* in [a-z ]* mode)|cluster) {TABLE}"
)
_EXECUTE = re.compile(r"\bexecute\b", re.IGNORECASE)
CREATED = re.compile(
    rf"create (?:unlogged |temp |temporary )?table (?:if not exists )?(?:{NAME} \. )?({NAME})"
)
_IGNORED = re.compile(r"--\s*berceau-ignore\s+(?P<rules>.*)")


def remarks(migration: Migration, earlier: Iterable[Migration] = ()) -> Iterator[Remark]:
    """Yield what the rules find in the SQL of ``migration``, which follows ``earlier`` ones.

    Raises ``MigrationFileError`` for SQL that can't be split into statements.
    """
    lines = migration.sql.splitlines()
    groups = cut(migration.sql, migration.file(UP))
    here = [[(each, words(each)) for each in group.statements] for group in groups]
    texts = [text for group in here for _, text in group]
    before = [words(each) for other in earlier for each in split(other.sql)]
    created = {unquoted(match[1]) for text in texts if (match := CREATED.match(text))}
    for group, statements in zip(groups, here, strict=True):
        held = None
        for statement, text in statements:
            for rule, table in _found(statement, text, created, held):
                ignored = rule.name in _ignored_above(statement.line, lines)
                if not (ignored or _is_settled(rule, text, (*before, *texts))):
                    yield Remark(
                        statement.line,
                        rule.name,
                        rule.message.format(held=held),
                        rule.advice,
                        rule.answered,
                        table,
                        "berceau",
                    )
            if group.mode is Mode.TRANSACTION and (match := _EXCLUSIVE.match(text)):
                held = held or _existing(match, created)


def _found(
    statement: ParsedStatement, text: str, created: Set[str], held: str | None
) -> Iterator[tuple[Rule, str]]:
    """Yield the rules that apply to a statement, whose words are ``text``, each with a table.

    The table is empty where the statement names none.
    """
    for rule in (*RULES, LONG_UNDER_LOCK) if held else RULES:
        for match in rule.matches(text):
            table = _existing(match, () if rule.new else created)
            if table is not None:
                yield rule, table
                break
    if any(DYNAMIC_SQL.matches(text)) and _EXECUTE.search(statement.text):
        yield DYNAMIC_SQL, ""


def _existing(match: re.Match[str], created: Container[str]) -> str | None:
    """Return the first table of ``match`` that isn't ``created``, "" where it names none."""
    names = [unquoted(name) for key, name in match.groupdict().items() if name and key != "columns"]
    return next((name for name in names if name not in created), None) if names else ""


def _is_settled(rule: Rule, text: str, others: Sequence[str]) -> bool:
    """Return whether one of ``others`` makes what ``rule`` finds in ``text`` harmless."""
    if rule.unless is None:
        return False
    settled = (
        re.compile(rule.unless.format(**{k: re.escape(v) for k, v in match.groupdict("").items()}))
        for match in rule.matches(text)
    )
    return all(any(pattern.search(other) for other in others) for pattern in settled)


def _ignored_above(line: int, lines: Sequence[str]) -> Set[str]:
    """Return the rules that comments right above ``line``, one of ``lines`` from 1, name."""
    comments = itertools.takewhile(lambda each: each.startswith("--"), reversed(lines[: line - 1]))
    found = (match for each in comments if (match := _IGNORED.match(each)))
    return {rule for match in found for rule in re.findall(r"[\w-]+", match["rules"])}
