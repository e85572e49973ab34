"""Functions whose bodies and settings name their schema: text that PostgreSQL doesn't look into."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from berceau.errors import MigrationFileError
from berceau.postgres.clone.contexts import (
    is_argument,
    joins_a_name,
    may_be_schema,
    reads_a_name,
    sets_path,
    use_of,
)
from berceau.postgres.clone.fragments import Fragment, fragments
from berceau.postgres.clone.literals import END, Word, identifier, quote, words
from berceau.postgres.clone.parsing import parse
from berceau.postgres.clone.references import Reference, Use, leads_back, mentions

_SETTING = re.compile(r"^ SET (\S+) TO (.+)$", re.MULTILINE)
_STRING = re.compile(r"'((?:[^']|'')*)'")
_PARTS = re.compile(r'\s*("(?:[^"]|"")+"|[^\s".]+)\s*\.\s*(.+)', re.DOTALL)
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
_ELEMENT = re.compile(r'"(?:[^"]|"")+"|[^\s",]+')


DEFINITION = "definition"
_FAR = ("dblink", "query_to_xml", "cursor_to_xml")
"""How functions begin that run text, wherever they are."""


@dataclass(frozen=True)
class Schema:
    """The schema to copy: its ``name``, those of its ``objects``, and the word ``to`` put there.

    In a search path there is ``path`` instead: extensions in the schema stay where they are.
    """

    name: str
    objects: Collection[str]
    to: str
    path: str


def redirect(
    text: str, body: str | None, language: str, schema: Schema, place: str
) -> tuple[str, list[Reference]]:
    """Return a function's definition with another word for its schema, and what may lead back.

    ``body`` is the part of ``text`` that is code in ``language``, if it is. ``place`` is what the
    function is called. What only looks like the schema's name stays: aliases, columns, variables,
    labels, data, comments.
    """
    start = len(text) if body is None else text.rfind(body)
    head, rest = text[:start], text[start:]
    found = _Head(head, schema, place)
    if body is None:
        return found.text, found.references
    if language not in ("sql", "plpgsql"):
        lines = body.splitlines()
        found.references += [
            Reference(place, number, line)
            for number, line in enumerate(lines, 1)
            if mentions(line, schema.name)
        ]
        return found.text + rest, found.references
    code = _Code(body, language, schema, place)
    if code.is_dynamic:
        found.look_at_defaults()
    text = found.text + code.moved() + rest[len(body) :]
    return text, found.references + code.references


def redirect_literals(
    text: str, schema: Schema, place: str, around: tuple[str, str] = ("", "")
) -> tuple[str, list[Reference]]:
    """Return the definition ``text``, whose names are moved already, and what may lead back.

    With what is ``around`` it is a statement. PostgreSQL prints literals in single quotes, so a
    text without any, such as GRANT ... TO PUBLIC, doesn't have to be parsed.
    """
    if "'" not in text or not mentions(text, schema.name):
        return text, []
    code = _Code(text, DEFINITION, schema, place, around)
    return code.moved(), code.references


def leads(body: str, language: str, schema: Schema) -> bool:
    """Return whether the ``body`` of a function that stays where it is means ``schema``."""
    if language not in ("sql", "plpgsql"):
        return mentions(body, schema.name)
    code = _Code(body, language, schema, "")
    return code.moved() != body or bool(code.references)


class _Head:
    """What stands before a function's body: its settings are moved."""

    def __init__(self, text: str, schema: Schema, place: str) -> None:
        self._schema = schema
        self._place = place
        self.references: list[Reference] = []
        self.text = _SETTING.sub(self._setting, text)

    def _setting(self, found: re.Match[str]) -> str:
        name, schema = found[1], self._schema

        def same(quoted: re.Match[str]) -> str:
            value = quoted[1].replace("''", "'")
            if name == "search_path":
                return schema.path if value == schema.name else _identify(value)
            if name == "default_text_search_config":
                return quote(requalify(value, schema))
            if leads_back(value, schema.name, dynamic=True):
                self.references.append(Reference(self._place, 1, f"SET {name} TO {quoted[0]}"))
            return quoted[0]

        return f" SET {name} TO {_STRING.sub(same, found[2])}"

    def look_at_defaults(self) -> None:
        """Note what arguments are without a value: dynamic SQL may name it."""
        signature = self.text.partition("\n")[0]
        for found in _STRING.finditer(signature):
            if leads_back(found[1].replace("''", "'"), self._schema.name, dynamic=True):
                self.references.append(Reference(self._place, 1, f"DEFAULT {found[0]}"))


class _Code:
    """A body in SQL or PL/pgSQL, and what of it means the schema."""

    def __init__(
        self,
        body: str,
        language: str,
        schema: Schema,
        place: str,
        around: tuple[str, str] = ("", ""),
    ) -> None:
        self._body = body
        self._around = around
        self._schema = schema
        self._place = place
        self.references: list[Reference] = []
        self._is_definition = language == DEFINITION
        try:
            self.words: Sequence[Word] = words(body)
        except MigrationFileError:
            self.words = ()  # it doesn't run either
        self.is_dynamic = language == "plpgsql" and any(map(self._runs, range(len(self.words))))
        self._columns: set[int] = set()
        self._parsed: set[int] = set()
        self._uses: dict[int, Use] = {}
        if any(mentions(word.value, schema.name) for word in self.words):
            for each in self._fragments(language):
                self._parse(each)

    def _runs(self, number: int) -> bool:
        """Return whether the word at ``number`` runs text, or takes a name from it, or might."""
        word, before = self.words[number], self._at(number - 1)
        if reads_a_name(self.words, number):
            return True
        if word.kind != "word" or self._at(number + 1).kind != "open":
            return word.kind == "word" and word.value == "execute"
        is_own = word.value in self._schema.objects or word.value.startswith(_FAR)
        return is_own and before.value not in ("into", "table", "references")

    def _fragments(self, language: str) -> Sequence[Fragment]:
        if language == "plpgsql":
            return tuple(fragments(self.words))
        root = Use.DATA if self._is_definition else Use.OPEN
        return (Fragment(self.words, self._around[0], root),)

    def _parse(self, fragment: Fragment) -> None:
        found = parse(fragment.sql(self._body) + self._around[1], fragment.root)
        if found is not None:
            self._columns |= {place + fragment.offset for place in found.columns}
            self._uses |= {at + fragment.offset: use for at, use in found.literals.items()}
            self._parsed |= {word.start for word in fragment.words}

    def moved(self) -> str:
        """Return the body with another word for the schema."""
        found: dict[int, str] = {}
        for number, word in enumerate(self.words):
            new = self._literal(number) if word.is_literal else self._name(number)
            if new is not None:
                found[number] = new
        self._look_at_parts()
        return _replaced(self._body, self.words, found)

    def _literal(self, number: int) -> str | None:
        word, schema = self.words[number], self._schema
        if not mentions(word.value, schema.name):
            return None
        use = self._uses.get(word.start) or self._use(number)
        if use is Use.NAME:
            return quote(requalify(word.value, schema))
        if use is Use.PATH:
            return quote(_path(word.value, schema))
        is_open = use is Use.OPEN or (
            use is Use.KEPT
            and (
                self.is_dynamic
                or word.value.lower() != schema.name.lower()
                or joins_a_name(self.words, number)
            )
        )
        if is_open and leads_back(word.value, schema.name, dynamic=self.is_dynamic):
            self._note(word)
        return None

    def _use(self, number: int) -> Use:
        """Judge a literal by what is around it: no parser could read that."""
        found = use_of(self.words, number)
        if found is Use.OPEN and self._is_definition and not is_argument(self.words, number):
            return Use.DATA
        return found

    def _name(self, number: int) -> str | None:
        word = self.words[number]
        if not word.is_name or word.value != self._schema.name or self._at(number - 1).text == ".":
            return None
        if word.start in self._parsed and self._at(number + 1).text == ".":
            return None if word.start in self._columns else self._schema.to
        if sets_path(self.words, number):
            return self._schema.path
        is_schema = may_be_schema(self.words, number, self._schema.objects)
        if is_schema is None:
            self._note(word)
        return self._schema.to if is_schema else None

    def _look_at_parts(self) -> None:
        """Note a name that is put together of literals."""
        run: list[Word] = []
        for word in self.words:
            if word.is_literal:
                run.append(word)
            elif word.text != "|":
                run = []
            joined = "".join(each.value for each in run)
            if len(run) > 1 and _is_part_of_a_name(joined, run, self._schema.name):
                self._note(run[0])
                run = []

    def _note(self, word: Word) -> None:
        line = self._body.count("\n", 0, word.start) + 1
        found = Reference(self._place, line, word.text)
        if found not in self.references:
            self.references.append(found)

    def _at(self, place: int) -> Word:
        return self.words[place] if 0 <= place < len(self.words) else END


def _is_part_of_a_name(joined: str, run: Sequence[Word], name: str) -> bool:
    """Return whether ``name`` is in the text that is put together, and in none of its parts."""
    if not leads_back(joined, name, dynamic=True):
        return False
    return not any(leads_back(each.value, name, dynamic=True) for each in run) or (
        run[0].value.lower() == name.lower()
    )


def _replaced(text: str, every: Sequence[Word], new: Mapping[int, str]) -> str:
    parts, position = [], 0
    for number, word in sorted(new.items()):
        parts += [text[position : every[number].start], word]
        position = every[number].end
    return "".join((*parts, text[position:]))


def requalify(name: str, schema: Schema) -> str:
    """Return ``name``, of an object as a literal has it, with another word for the schema."""
    found = _PARTS.fullmatch(name)
    if found is None:
        return schema.to if identifier(name.strip()) == schema.name else name
    return f"{schema.to}.{found[2]}" if identifier(found[1]) == schema.name else name


def _path(value: str, schema: Schema) -> str:
    return _ELEMENT.sub(
        lambda found: schema.path if identifier(found[0]) == schema.name else found[0], value
    )


def _identify(name: str) -> str:
    """Return ``name`` as an identifier, as PostgreSQL would write most of them."""
    return name if _PLAIN.fullmatch(name) else '"' + name.replace('"', '""') + '"'
