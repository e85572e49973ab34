"""A statement as words that patterns can be matched with, whatever is in its quotes."""

from collections.abc import Iterator

from berceau.migration.splitter import ParsedStatement, Token, tokens
from berceau.schema.names import unquote_name


def words(statement: ParsedStatement) -> str:
    """Return the tokens of ``statement`` with a space between: unquoted words in lower case.

    What is quoted stands in hexadecimal digits, so that no text in it looks like a word of SQL.
    """
    return " ".join(
        _word(each) for each in tokens(statement.text) if each.kind not in ("space", "comment")
    )


def unquoted(word: str) -> str:
    """Return the name that ``word``, one of the ``words``, stands for."""
    if word.startswith('"'):
        return unquote_name(bytes.fromhex(word.strip('"')).decode())
    return word


def levels(text: str) -> Iterator[str]:
    """Yield what stands between each two parentheses of ``text``, inner ones first, then the rest.

    In its place, ``()`` is left.
    """
    open_levels: list[list[str]] = [[]]
    for word in text.split(" "):
        if word == "(":
            open_levels.append([])
        elif word == ")" and len(open_levels) > 1:
            yield " ".join(open_levels.pop())
            open_levels[-1].append("()")
        else:
            open_levels[-1].append(word)
    yield " ".join(open_levels[0])


def _word(token: Token) -> str:
    if token.kind == "word":
        return token.text.lower()
    if token.kind == "quoted":
        return f'"{token.text.encode().hex()}"'
    if token.kind in ("string", "escaped"):
        return f"'{token.text.partition(chr(39))[2].rstrip(chr(39)).encode().hex()}'"
    return "$$" if token.kind == "dollar" else token.text
