"""Numbers in words for people."""


def counted(number: int, noun: str) -> str:
    """Return ``number`` with its ``noun``: 1 row, 2 rows."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
