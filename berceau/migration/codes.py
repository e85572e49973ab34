"""The codes of what can be wrong with a project's migrations."""

from enum import StrEnum


class Code(StrEnum):
    """The kinds of diagnostics; a code never changes its meaning."""

    DIFFERENT = "M001"
    EDITED = "M002"
    MISSING = "M003"
    MALFORMED = "M004"
    CONFLICT = "M005"
    ORPHAN = "M006"
    BROKEN = "M007"
    DRIFT = "M008"
    FAILED = "M009"
    PARTLY_REPLACED = "M010"
    RISKY = "M011"
    NOT_UNDONE = "M012"
    STALE = "M013"
    EMPTY = "M014"
    BREAKS_RELEASE = "M015"
