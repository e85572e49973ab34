"""Whose values stay out of a file of statistics: columns that look like secrets or persons."""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

SECRETS = frozenset(
    "accesstoken apikey auth bearer cipher cookie credential csrf digest encrypted hash hmac jwt "
    "key mfa nonce otp passcode passphrase passwd password passwordhash pin private pwd recovery "
    "salt secret secretkey session signature token totp".split()
)
"""Words in the names of columns that hold secrets, in the singular."""
PERSONS = frozenset(
    "account address age agent avatar bic birth birthdate birthday born card city cvv device dob "
    "email ethnicity fax firstname forename fullname gender geo handle health iban income ip "
    "lastname lat latitude lng location login lon longitude mail mobile name nationality nick "
    "nickname passport phone photo postal postcode religion salary sex ssn street surname tel "
    "telephone town user username vat zip zipcode".split()
)
"""Words in the names of columns that say who somebody is."""
WRITING = frozenset(
    "answer bio body comment content description feedback message note question reason "
    "remark subject text".split()
)
"""Words in the names of columns that hold what people wrote."""
TYPES = frozenset(
    "box bytea cidr circle geography geometry hstore inet json jsonb line lseg macaddr macaddr8 "
    "path point polygon tsvector xml".split()
)
"""Types of addresses, places, documents and bytes."""
LONGEST = 64
"""Texts of more bytes on average are what people wrote."""

_TEXTS = frozenset(("text", "character varying", "character", "citext"))
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_REFERENCE = re.compile(r"_id$")
_PLURALS = ((re.compile(r"ies$"), "y"), (re.compile(r"(?<=s|x|h)es$"), ""), (re.compile(r"s$"), ""))


@dataclass(frozen=True)
class Privacy:
    """Which columns keep their values for themselves.

    The patterns, such as ``person.*`` or ``*.code``, are of the project: what fits ``public`` may
    be shown, what fits ``private`` never, which wins.
    """

    private: tuple[str, ...] = ()
    public: tuple[str, ...] = ()

    def withholds(self, table: str, column: str, type_name: str, avg_width: int = 0) -> bool:
        """Return whether values of the ``column`` may not be shown."""
        if self.is_private(table, column):
            return True
        if self._is_public(table, column):
            return False
        return looks_private(column, type_name, avg_width)

    def is_private(self, table: str, column: str) -> bool:
        """Return whether the project says that no values of the ``column`` may be shown."""
        return _fits(table, column, self.private)

    def is_secret(self, table: str, column: str) -> bool:
        """Return whether no page may show values of the ``column``: its name is that of a secret.

        Who may see rows may see persons in them, but has no need to see a password's hash. What the
        project calls private is secret, too.
        """
        if self.is_private(table, column):
            return True
        return not self._is_public(table, column) and bool(_words(column) & SECRETS)

    def _is_public(self, table: str, column: str) -> bool:
        return _fits(table, column, self.public)


def looks_private(column: str, type_name: str, avg_width: int = 0) -> bool:
    """Return whether a column looks like one of secrets or persons; booleans never do."""
    base = type_name.partition("(")[0].removesuffix("[]")
    if base == "boolean":
        return False
    if base in TYPES or (base in _TEXTS and avg_width > LONGEST):
        return True
    # A number that refers to another row tells of it what the other row tells: nothing by itself.
    words = _words(_REFERENCE.sub("", column))
    if _REFERENCE.search(column) and base in {"integer", "bigint", "smallint", "uuid"}:
        return bool(words & SECRETS)
    return bool(words & (SECRETS | PERSONS | WRITING))


def _fits(table: str, column: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(f"{table}.{column}", pattern) for pattern in patterns)


def _words(name: str) -> set[str]:
    """Return the words of a name in small letters, and what each may be the plural of."""
    words = {word.lower() for word in _WORD.findall(name)}
    return words | {plural.sub(end, word) for word in words for plural, end in _PLURALS}
