"""What a name or a literal means by the words around it, where no parser says so."""

import re
from collections.abc import Collection, Sequence

from berceau.postgres.clone.literals import END, Word
from berceau.postgres.clone.parsing import HARMLESS, TAKES_A_NAME
from berceau.postgres.clone.references import Use

_OF_OBJECTS = frozenset(
    "from join into update table only exists references truncate view sequence function procedure"
    " routine type domain call returns setof index aggregate schema using lock of collate"
    " configuration dictionary".split()
)
_OF_VALUES = frozenset(
    "select where and or not on by having when then else case return in set values distinct like"
    " ilike between is if elsif while returning perform all any some array as".split()
)
_CLAUSES = frozenset("select where set values by having returning on".split())
_WITH_LISTS = frozenset("from using update table truncate lock".split())
_COMPARING = frozenset("= < > ~ like ilike in when".split())
_BEFORE_LISTS = frozenset(
    "check in values array using select where enum options as with default any all some and or not"
    " on exclude when then else include".split()
)
_STARTS = frozenset("begin then else loop declare".split())
_JOINS = frozenset("format concat concat_ws array_to_string".split())

# What puts a dot after a value, or quotes it as a name: '%I', '%1$s.', '.'.
_OF_A_NAME = re.compile(r'%(\d+\$)?[-\d*$]*(I|s"?\.)|^"?\.')


def may_be_schema(words: Sequence[Word], number: int, objects: Collection[str]) -> bool | None:
    """Return whether the name at ``number`` means the schema called so; None: that is unknown.

    ``objects`` are the names of what the schema holds.
    """

    def at(place: int) -> Word:
        return words[place] if 0 <= place < len(words) else END

    before, after, second = at(number - 1), at(number + 1), at(number + 2)
    if before.value == "schema" or sets_path(words, number):
        return True
    if after.text != ".":
        return False
    if before.text == "(" and at(number - 2).value == "operator":
        return True
    if at(number + 3).text == "%":
        return at(number + 4).value != "type"
    if before.value in _OF_OBJECTS or before.kind == "cast":
        return True
    if second.value not in objects:
        return False
    return _in_an_expression(words, number, objects)


def _in_an_expression(words: Sequence[Word], number: int, objects: Collection[str]) -> bool | None:
    def at(place: int) -> Word:
        return words[place] if 0 <= place < len(words) else END

    before, third = at(number - 1), at(number + 3)
    if third.text == "." or third.kind == "open":
        return True
    after_name = at(number - 2)
    declares = before.is_name and before.value not in _OF_VALUES | _STARTS
    declares &= (
        before.value == "constant" or after_name.kind == "end" or (after_name.value == "declare")
    )
    clause = _clause(words, number) if before.text == "," else ""
    if declares or clause in _WITH_LISTS:
        return True
    is_taken = words[number].value in objects or _stands_alone(words, words[number].value)
    if not is_taken:
        return True
    is_value = before.value in _OF_VALUES | _STARTS or not (before.is_name or before.text == ",")
    return False if is_value or clause in ("(", *_CLAUSES) else None


def use_of(words: Sequence[Word], number: int) -> Use:
    """Return what becomes of the literal at ``number``."""

    def at(place: int) -> Word:
        return words[place] if 0 <= place < len(words) else END

    before = at(number - 1)
    if _names_an_object(words, number):
        return Use.NAME
    named = [each.value for each in words[max(0, number - 4) : number]]
    if sets_path(words, number) or named == ["set_config", "(", "search_path", ","]:
        return Use.PATH
    if _statement(words, number) == "raise":
        return Use.DATA
    is_argument_by_name = before.text == ">" and at(number - 2).text == "="
    if not is_argument_by_name and (before.text in _COMPARING or before.value in _COMPARING):
        return _compared(words, number)
    return Use.DATA if _before_parenthesis(words, number).value == "in" else Use.OPEN


def _names_an_object(words: Sequence[Word], number: int) -> bool:
    """Return whether the literal is cast to an object's name, or given to what takes one."""

    def at(place: int) -> Word:
        return words[place] if 0 <= place < len(words) else END

    before, after = at(number - 1), number + 1
    while at(after).kind == "close" or (
        at(after).kind == "cast" and at(after + 1).value in ("text", "varchar", "name")
    ):
        after += 1 if at(after).kind == "close" else 2
    cast = at(after + 1).value if at(after).kind == "cast" or at(after).value == "as" else ""
    called = before.kind == "open" and at(number - 2).value in TAKES_A_NAME
    return called or before.value.startswith("reg") or cast.startswith("reg")


def is_argument(words: Sequence[Word], number: int) -> bool:
    """Return whether the literal at ``number`` goes to a function that may do anything with it."""
    name = _before_parenthesis(words, number)
    makes_table = "table" in [word.value for word in words[:3]]
    if makes_table and name is _before_parenthesis(words, len(words)):
        return False  # the columns of a table
    return name.is_name and name.value not in HARMLESS | _BEFORE_LISTS


def joins_a_name(words: Sequence[Word], number: int) -> bool:
    """Return whether the literal at ``number`` becomes a part of a name that is put together.

    Then it is one: format('%I.%I', 'shop', x), quote_ident('shop'), concat('shop', '.', x).
    """
    place = number
    while (opening := _parenthesis(words, place)) > 0:
        called, place = words[opening - 1].value, opening - 1
        if called == "quote_ident":
            return True
        if called in _JOINS:
            within = _within(words, opening)
            if any(each.is_literal and _OF_A_NAME.search(each.value) for each in within):
                return True
    end = next((n for n in range(number, len(words)) if words[n].kind == "end"), len(words))
    return any(
        words[n].text == "|" and words[n + 1].is_literal and _OF_A_NAME.match(words[n + 1].value)
        for n in range(number, end - 1)
    )


def reads_a_name(words: Sequence[Word], number: int) -> bool:
    """Return whether a value that isn't written here becomes a name: nextval(x), x::regclass."""

    def at(place: int) -> Word:
        return words[place] if 0 <= place < len(words) else END

    word = words[number]
    if word.kind == "cast":
        return at(number + 1).value.startswith("reg") and not at(number - 1).is_literal
    if word.kind == "word" and word.value == "as":
        written = at(number - 1).is_literal and at(number - 2).kind == "open"
        return at(number + 1).value.startswith("reg") and not written
    if word.kind != "word" or at(number + 1).kind != "open":
        return False
    if word.value == "set_config":
        return at(number + 2).value == "search_path" and not at(number + 4).is_literal
    written = at(number + 2).is_literal and at(number + 3).text != "|"
    return word.value in TAKES_A_NAME and not written


def _before_parenthesis(words: Sequence[Word], number: int) -> Word:
    """Return what stands before the parenthesis around ``number``."""
    place = _parenthesis(words, number)
    return words[place - 1] if place > 0 else END


def _parenthesis(words: Sequence[Word], number: int) -> int:
    """Return the place of the parenthesis that opens around ``number``, 0 where there is none."""
    depth = 0
    for place in range(number - 1, 0, -1):
        depth += {"close": 1, "open": -1}.get(words[place].kind, 0)
        if depth < 0:
            return place
    return 0


def _within(words: Sequence[Word], opening: int) -> Sequence[Word]:
    depth = 0
    for place in range(opening, len(words)):
        depth += {"open": 1, "close": -1}.get(words[place].kind, 0)
        if depth == 0:
            return words[opening:place]
    return words[opening:]


def _compared(words: Sequence[Word], number: int) -> Use:
    """Tell a comparison from an assignment, and one with a name of the catalog's from others."""
    place = number - 1
    while place >= 0 and not words[place].is_name:
        place -= 1
    name = words[place].value if place >= 0 else ""
    previous = words[place - 1] if place > 0 else END
    assigns = words[number - 1].text == "=" and (
        previous.kind == "end" or previous.value in _STARTS or words[number - 2].text == ":"
    )
    return Use.OPEN if assigns or "schema" in name or "nsp" in name else Use.DATA


def _statement(words: Sequence[Word], number: int) -> str:
    """Return the first word of the statement around ``number``."""
    while number > 0 and words[number - 1].kind != "end":
        if words[number - 1].kind == "word" and words[number - 1].value in _STARTS:
            break
        number -= 1
    return words[number].value


def sets_path(words: Sequence[Word], number: int) -> bool:
    """Return whether a search path is set here: SET [LOCAL] search_path TO a, b."""
    while number > 0 and words[number - 1].kind != "end":
        number -= 1
        if words[number].value == "search_path" and words[number].kind == "word":
            return words[number - 1].value in ("set", "local", "session") if number else False
    return False


def _clause(words: Sequence[Word], number: int) -> str:
    """Return the word, or the parenthesis, that begins the clause around ``number``."""
    depth = 0
    for word in reversed(words[:number]):
        depth += {"close": 1, "open": -1}.get(word.kind, 0)
        if depth < 0 or word.kind == "end":
            return "(" if depth < 0 else ""
        if depth == 0 and word.kind == "word" and word.value in _CLAUSES | _WITH_LISTS:
            return word.value
    return ""


def _stands_alone(words: Sequence[Word], name: str) -> bool:
    """Return whether ``name`` is an alias or a variable: it stands somewhere without dots."""
    for number, word in enumerate(words):
        before = words[number - 1] if number else END
        after = words[number + 1] if number + 1 < len(words) else END
        alone = before.text != "." and after.text != "."
        means_schema = before.value == "schema" or sets_path(words, number)
        if word.is_name and word.value == name and alone and not means_schema:
            return True
    return False
