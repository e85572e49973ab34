"""The shape of a query: its text without values and comments, as ``pg_stat_statements`` has it."""

import re
from functools import lru_cache

# PostgreSQL cuts long texts off: their end closes what is open.
_TOKEN = re.compile(
    r"""
    (?P<comment>--[^\n]*)
  | (?P<quoted>"(?:[^"]|"")*(?:"|\Z))
  | (?P<value>
        [eE]'(?:[^'\\]|\\.|'')*(?:'|\\?\Z)
      | (?:[bBxXnN]|[uU]&)?'(?:[^']|'')*(?:'|\Z)
      | \$(?P<tag>(?:[^\W\d]\w*)?)\$.*?(?:\$(?P=tag)\$|\Z)
      | (?<![\w.$])(?:0[xXoObB][\da-fA-F_]+|\d[\d_]*\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)
    )
  | (?P<parameter>\$\d+)
  | (?P<modified>
        (?i:numeric|decimal|dec|varchar|varying|character|char|nchar|bpchar|bit|varbit|float
          |timestamptz|timestamp|timetz|time|interval|vector|halfvec)
        \s*\(\s*\d+\s*(?:,\s*-?\d+\s*)?\))
  | (?P<word>[^\W\d][\w$]*)
  | (?P<mark>[(),])
  | (?P<space>\s+)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")
# What stands before a value: the signs and spaces there depend on the value, and on who wrote it.
_BEFORE_VALUE = re.compile(
    r"""
    (?P<quoted>"(?:[^"]|"")*")
  | (?P<word>\w[\w$]*)
  | (?P<close>[)\]])
  | \ ?(?P<operator>[-+*/<>=~!@\#%^&|`?:]*?)\ ?(?P<sign>-\ ?)?(?P<value>\$\d+)
  | (?P<other>[^\s])
    """,
    re.VERBOSE,
)
_BEFORE_OPERAND = frozenset(
    "all and any asymmetric between case distinct else for from having ilike in like limit not "
    "offset on or returning select some symmetric then to using when where".split()
)
"""After these keywords, a minus is a sign; after any other word, it subtracts."""
_BEFORE_POSITION = ("by", ",", "(", "all", "distinct")
_DISTINCT_ON = "distinct on"
_GROUPINGS = ("rollup", "cube", "sets")
_AFTER_LIST = frozenset(
    "having window union intersect except limit offset fetch for select".split()
)
_WHOLE = re.compile(r"\s*(?:[,;)]|[^\W\d]|\Z)")
"""What comes behind a number that no operator makes a part of an expression."""
# A list of one is as long as any: how many values a query was given doesn't make another of it.
_LIST = re.compile(r"\bIN ?\( ?\$\d+(?: ?, ?\$\d+)* ?\)", re.IGNORECASE)
_ARRAY = re.compile(r"\bARRAY ?\[ ?\$\d+(?: ?, ?\$\d+)* ?\]", re.IGNORECASE)
_ROWS = re.compile(r"\b(VALUES) ?(\([^()]*\))(?: ?, ?\([^()]*\))+", re.IGNORECASE)
# `interval '1 day'` has its type before its value, where no parameter can stand.
_TYPED = re.compile(
    r"""\b(
        (?:interval|(?:timestamp|time)(?:tz)?)(?:\(\d+\))?(?:\ with(?:out)?\ time\ zone)?
      | date|uuid|jsonb?|xml|bytea|inet|cidr|macaddr|bool(?:ean)?|text|reg[a-z]+
      | (?:small|big)?int|int[248]|integer|float[48]|double\ precision|real
      | (?:numeric|decimal|varchar|character\ varying)(?:\([\d,-]+\))?
    )(\ )(\$\d+)""",
    re.IGNORECASE | re.VERBOSE,
)
# pg_stat_statements takes the field for a value.
_FIELD = re.compile(r"\b(extract ?\( ?)(\$\d+|\w+)(?= FROM\b)", re.IGNORECASE)
# A path in JSON is as good as a name of a column, as is the kind of what is found there:
# `jsonb_typeof((data #> '{size}')::jsonb) = 'number'`.
_PATH = re.compile(r"(?:->>?|#>>?|::jsonb\) =)\s*('[\w{}, .-]*'|\d+)")
_UNKNOWN_PATH = re.compile(r"(?:->>?|#>>?)\s*\$\d")
_BEFORE_PATH = re.compile(r"(?:->>?|#>>?|\)\s*=)\s*\Z")
_PLACEHOLDER = re.compile(r"%(?:%|s|\(\w+\)s)")
_NUMBERED = re.compile(r'"(?:[^"]|"")*"|(?<![\w$])\$(\d+)')
_STATEMENT = re.compile(r"[\s(]*(?:SELECT|INSERT|UPDATE|DELETE|MERGE|WITH|VALUES|TABLE)\b", re.I)


def shape(text: str, code: str = "") -> str:
    """Return ``text`` with ``$1``, ``$2``, ... for its values, and single spaces.

    Parameters that it has stay the same ones. A list of values in parentheses counts as one, as
    do several rows of VALUES. A value's sign is a part of it. Numbers stay where they are the
    code's: that of a LIMIT, which decides the plan, the columns of GROUP BY 1, numeric(10,2). So do
    paths in JSON that stand in ``code``, which is the text with placeholders, if that is known.
    """
    before = _Before()
    paths = frozenset(_PATH.findall(code))

    def replace(match: re.Match[str]) -> str:
        kind = match.lastgroup
        if kind in ("comment", "space"):
            return " "
        if kind == "modified":
            before.note("")
            return "".join(match[0].split())
        if kind in ("value", "tag"):
            keeps = match[0].isdigit() and before.keeps(text, match.end())
            before.note("")
            at = match.start()
            if keeps or (match[0] in paths and _BEFORE_PATH.search(text, max(0, at - 9), at)):
                return match[0]
            joined = text[: match.start()][-1:].isalpha()  # as in LIKE'a', and a$0 is a name
            return " $0" if joined else "$0"
        before.note(match[0].lower())
        return match[0]

    text = _without_comments(text)
    plain = " ".join(_TOKEN.sub(replace, text).split()).rstrip("; ")
    plain = _without_signs(_TYPED.sub(r"\3::\1", plain))
    for pattern, short in ((_LIST, "IN ($0)"), (_ARRAY, "ARRAY[$0]"), (_ROWS, r"\1 \2")):
        plain = pattern.sub(short, plain)
    return _number(plain)


class _Before:
    """What stands before a number, which tells whether it is a value.

    A position in GROUP BY, ORDER BY or DISTINCT ON isn't, nor in what these have in parentheses,
    as in ``ROLLUP (1, 2)``.
    """

    def __init__(self) -> None:
        self._last = ""
        self._lists = [False]
        """For each open parenthesis, and outside of all, whether positions may stand there."""

    def note(self, word: str) -> None:
        """Go on behind ``word``, in small letters, or behind a mark."""
        lists = self._lists
        if word == "on" and self._last == "distinct":
            word = _DISTINCT_ON
        elif word == "by":
            lists[-1] = self._last in ("group", "order")
        elif word in _AFTER_LIST:
            lists[-1] = False
        elif word == "(":
            nested = lists[-1] and self._last in (*_BEFORE_POSITION, *_GROUPINGS)
            lists.append(nested or self._last == _DISTINCT_ON)
        elif word == ")" and len(lists) > 1:
            lists.pop()
        self._last = word

    def keeps(self, text: str, end: int) -> bool:
        """Return whether the number that comes next stays; it has its ``end`` in ``text``."""
        is_first = self._lists[-1] and self._last in _BEFORE_POSITION
        return self._last == "limit" or (is_first and _WHOLE.match(text, end) is not None)


@lru_cache(1000)
def shape_of_template(text: str) -> str:
    """Return the shape of ``text`` with psycopg2's placeholders, such as ``%(p1)s``."""
    return shape(_PLACEHOLDER.sub(lambda match: "%" if match[0] == "%%" else "$0", text))


def without_paths(text: str) -> str:
    """Return the shape ``text`` with parameters for paths in JSON, as PostgreSQL counts it."""
    return _PATH.sub(lambda match: match[0].removesuffix(match[1]) + "$0", text)


def has_unknown_path(text: str) -> bool:
    """Return whether a path in JSON is a parameter in ``text``."""
    return _UNKNOWN_PATH.search(text) is not None


def with_fields(text: str) -> str:
    """Return ``text`` with a field in each ``extract($1 FROM at)``, where no parameter can stand.

    Which field it was isn't known, and the planner takes none for better than another. If others
    are in the text, as in GROUP BY, which keeps them, it is the first of these.
    """
    known = (each[1] for each in _FIELD.findall(text) if not each[1].startswith("$"))
    field = next(known, "epoch")
    return _FIELD.sub(lambda each: each[1] + (field if each[2][0] == "$" else each[2]), text)


def is_plannable(text: str) -> bool:
    """Return whether ``text`` is a statement that PostgreSQL makes a plan for."""
    return _STATEMENT.match(text) is not None


def has_parameters(text: str) -> bool:
    """Return whether ``text`` has a parameter, such as ``$1``, in the place of a value."""
    return any(match.lastgroup == "parameter" for match in _TOKEN.finditer(text))


def _without_comments(text: str) -> str:
    """Return ``text`` with a space for each comment in ``/* */``, which may hold others."""
    if "/*" not in text:
        return text
    kept: list[str] = []
    position = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is not None or not text.startswith("/*", position):
            end = token.end() if token is not None else position + 1
            kept.append(text[position:end])
            position = end
            continue
        depth = 0
        for edge in _COMMENT_EDGE.finditer(text, position):
            depth += 1 if edge[0] == "/*" else -1
            if depth == 0:
                position = edge.end()
                break
        else:
            position = len(text)
        kept.append(" ")
    return "".join(kept)


def _without_signs(text: str) -> str:
    """Return ``text`` with the signs of values left out, and an operator's spaces before them.

    A minus between two operands stays. psycopg2 writes a space before a negative number, so
    spaces there are no part of a shape.
    """
    is_operand = False  # whether one ends here: the name of a column, a value, a parenthesis
    opens = True

    def replace(match: re.Match[str]) -> str:
        nonlocal is_operand, opens
        if match["value"] is None:
            word = match["word"]
            is_operand = not match["other"] and (word or "").lower() not in _BEFORE_OPERAND
            opens = match["other"] in ("(", "[")
            return match[0]
        operator, sign = match["operator"], match["sign"]
        if sign and not operator and is_operand:
            operator, sign = "-", None
        value = "$0" if sign else match["value"]
        before = "" if opens else " "
        is_operand, opens = True, False
        return f"{before}{operator} {value}" if operator else f"{before}{value}"

    return _BEFORE_VALUE.sub(replace, text)


def _number(text: str) -> str:
    known: dict[str, str] = {}
    count = 0

    def replace(match: re.Match[str]) -> str:
        nonlocal count
        if match[1] is None:  # a name in quotes
            return match[0]
        if match[1] in known:
            return known[match[1]]
        count += 1
        if match[1] != "0":
            known[match[1]] = f"${count}"
        return f"${count}"

    return _NUMBERED.sub(replace, text)
