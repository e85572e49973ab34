"""Numbers in words for people."""


def counted(number: int, noun: str, nouns: str = "") -> str:
    """Return ``number`` with its ``noun``: 1 row, 2 rows; ``nouns`` is an irregular plural."""
    return f"{number} {noun if number == 1 else nouns or f'{noun}s'}"
