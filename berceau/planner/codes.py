"""The codes of what ``invoke advise`` finds: none ever changes its meaning."""

INDEX = "A101"
COVERED = "A201"
UNUSED = "A202"
UNINDEXED_KEY = "A203"
NO_KEY = "A204"
NEVER_ANALYSED = "A205"
NUMBERS_END = "A206"
BLOATED = "A207"
EXTENSION_BEHIND = "A208"

CODES = frozenset(
    (
        *(INDEX, COVERED, UNUSED, UNINDEXED_KEY, NO_KEY, NEVER_ANALYSED),
        *(NUMBERS_END, BLOATED, EXTENSION_BEHIND),
    )
)
