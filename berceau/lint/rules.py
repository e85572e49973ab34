"""The rules, each with its stable code: what is found, why it matters, and what to do."""

from collections.abc import Iterable, Set
from dataclasses import dataclass

from berceau.diagnostic import Diagnostic, Level
from berceau.errors import SettingsError
from berceau.lint.file_facts import Place


@dataclass(frozen=True)
class Rule:
    """What a ``code`` stands for; an error fails every build, a warning only ``--check``."""

    code: str
    level: Level
    what: str
    why: str
    cure: str


_ALL = (
    Rule(
        "L001",
        "warning",
        "a comment that silences nothing",
        "The rule no longer finds anything on that line, or the code is mistyped.",
        "Remove the comment, or put it on the line of the finding.",
    ),
    Rule(
        "L101",
        "error",
        "a name longer than 63 bytes",
        "PostgreSQL cuts it silently, and two long names may become the same.",
        "Shorten the name.",
    ),
    Rule(
        "L102",
        "warning",
        "a table, column or enum whose name is a reserved word of SQL",
        "Berceau quotes it, but SQL written by hand fails or, as with `user`, means something "
        "else.",
        "Rename it: `_table_`, `column=` and `table=` name tables and columns apart from the code.",
    ),
    Rule(
        "L103",
        "error",
        "one name for two things",
        "Tables, indexes, constraints and enums of all components share one PostgreSQL schema.",
        "Rename one of the two.",
    ),
    Rule(
        "L201",
        "warning",
        "components whose foreign keys form a circle",
        "None of them can be used, tested or removed without the others.",
        "Reverse one relation, move it to a component above both, or merge the components.",
    ),
    Rule(
        "L202",
        "warning",
        "an implicit ON DELETE CASCADE",
        "Pony deletes the objects of a `Set` with their owner if the other side is `Required`, "
        "also where no class declares the `Set`.",
        "State it: `cascade_delete=True` to delete them, `cascade_delete=False` to refuse.",
    ),
    Rule(
        "L203",
        "warning",
        "two relations of an entity to itself that nothing distinguishes",
        "Pony takes them as the two sides of one relation, one to one: who is somebody's mother "
        "has this person as father.",
        "Give each of them a `reverse=` of its own. If they are two sides, name one in the other.",
    ),
    Rule(
        "L301",
        "warning",
        "a foreign key without an index",
        "Reading the relation, and each deletion on its other side, reads the whole table.",
        "Remove `index=False`, or begin another index with the column.",
    ),
    Rule(
        "L302",
        "warning",
        "an attribute that several queries filter by, without an index",
        "Each of these queries reads the whole table.",
        "Add `index=True`, or a `composite_index` that begins with it.",
    ),
    Rule(
        "L303",
        "warning",
        "a query for each object of a loop",
        "A loop over a hundred objects sends a hundred queries more. Pony reads the object that a "
        "`Required` or `Optional` leads to, and a `Set`, for all objects of the loop at once. "
        "It reads alone: an attribute that is `lazy`, as `LongStr` is, the side of a one-to-one "
        "relation without a column, and what `count()`, `is_empty()`, `select()` and the like of "
        "a `Set` give.",
        "Make it a part of the loop's query, or send one query for all objects before the loop.",
    ),
    Rule(
        "L304",
        "warning",
        "a value that Python computes from all objects of a query",
        "All objects are read, to be thrown away.",
        "Let PostgreSQL compute it: `Post.select().count()`, or `sum(p.n for p in Post)` with "
        "`sum` from `pony.orm`.",
    ),
    Rule(
        "L401",
        "error",
        "a datetime without a time zone where an entity or a query gets it",
        "Every `datetime` attribute is a moment in time; others are refused with a `ValueError`.",
        "Use `datetime.now(UTC)`: as a default, in a function or a lambda.",
    ),
    Rule(
        "L402",
        "warning",
        "a datetime without a time zone elsewhere",
        "It can neither be stored nor compared with a moment that was.",
        "Use `datetime.now(UTC)`, and give any other datetime its `tzinfo`.",
    ),
    Rule(
        "L501",
        "error",
        "SQL, or a query's text, built from strings",
        "A user's input becomes part of the statement: an SQL injection.",
        "Write the value as a parameter, `$name` or `$(expression)`: Pony passes it separately.",
    ),
    Rule(
        "L601",
        "error",
        "a chained comparison in a query",
        "Pony can't translate it.",
        "Use `between(p.n, 1, 9)`, or two comparisons with `and`.",
    ),
    Rule(
        "L602",
        "error",
        "an assignment in a query",
        "Pony can't translate `:=`.",
        "Write the expression out, or assign it before the query.",
    ),
    Rule(
        "L603",
        "error",
        "a query that Pony doesn't read as it is written",
        "Pony reads the compiled code of queries. It may misread a condition with an `if`/`else` "
        "inside, or fail.",
        "Split the condition, or give Pony the whole query as a string, which it reads as written.",
    ),
    Rule(
        "L604",
        "error",
        "a list, set or dict comprehension in a query",
        "Pony can't translate it.",
        "Use a generator over an entity, as in `p.author in (a for a in Author if a.age > 30)`, "
        "or make the list before the query.",
    ),
    Rule(
        "L605",
        "error",
        "a lambda with more than plain parameters, or one that is called in a query",
        "Pony can't translate defaults, `*` and `**`.",
        "Use a variable of the surrounding function instead.",
    ),
    Rule(
        "L606",
        "error",
        "a Python function on what a query reads",
        "It runs in Python, while the query runs in PostgreSQL.",
        "Apply it to the results, or use `raw_sql()` for a function of PostgreSQL.",
    ),
    Rule(
        "L607",
        "error",
        "a Python method on what a query reads",
        "Pony translates only some: `upper`, `lower`, `strip`, `lstrip`, `rstrip`, `startswith`, "
        "`endswith`, `date`.",
        "Apply it to the results, or use `raw_sql()` for a function of PostgreSQL.",
    ),
    Rule(
        "L608",
        "error",
        "an operator without a counterpart in SQL in a query",
        "Pony can't translate bit operators, `@`, unary `+`, or `%` on a string.",
        "Compute it before the query, apply it to the results, or use `raw_sql()`.",
    ),
    Rule(
        "L609",
        "error",
        "an expression without a counterpart in SQL in a query",
        "Pony can't translate `*` and `**` in calls and lists, formats in f-strings, slices with a "
        "step, or dicts and sets of what it reads.",
        "Compute it before the query, or apply it to the results.",
    ),
    Rule(
        "L610",
        "error",
        "a comparison with a condition in a query",
        "Pony misreads it, or leaves out its parentheses, so PostgreSQL misreads it.",
        "Write the cases out: `p.a and p.b == 1 or not p.a and p.b != 1`.",
    ),
    Rule(
        "L611",
        "error",
        "an entity that Python iterates",
        "An entity is no collection: Python's `for`, `sum`, `any`, `sorted` or `list` raise a "
        "`TypeError`. In a query, Pony reads `for p in Post` and turns it into SQL.",
        "Write a query: `select(p for p in Post)`, `Post.select()`, `exists(...)` for `any`, "
        "`.order_by()` for `sorted`; or import `sum`, `min`, `max` or `count` from `pony.orm`.",
    ),
    Rule(
        "L612",
        "error",
        "an aggregate as a method in a query",
        "In a query, a set has no method `count`, and its attributes have no `sum`, `min`, `max`, "
        "`avg` or `group_concat`.",
        "Use Pony's function, as in `count(t.posts)`, `len(t.posts)` or `sum(t.posts.n)`.",
    ),
    Rule(
        "L701",
        "error",
        "an attribute that no entity has",
        "Pony takes attributes only from the body of an entity, each assigned to a name. It passes "
        "over those of a class that isn't an entity, of a tuple (a comma after the attribute), of "
        "an annotation, and over all but the last of one name.",
        "Declare it in the body of the entity, once. What several entities share can be in an "
        "entity that they inherit from; these share one table.",
    ),
    Rule(
        "L702",
        "warning",
        "an option that does nothing",
        "Pony accepts it silently, and you rely on something that doesn't happen.",
        "Remove the option, or declare what has it: another type, or the side of the relation that "
        "has the column. A value comes from `default=` or `sql_default=` instead of `auto=`.",
    ),
)

RULES = {rule.code: rule for rule in _ALL}
"""Every rule, by its code; a code never changes its meaning."""


def diagnose(code: str, place: Place, message: str, cure: str | None = None) -> Diagnostic:
    """Return what the rule ``code`` finds at ``place``; its own cure, where there is no other."""
    rule, (file, line) = RULES[code], place
    cure = cure or rule.cure
    return Diagnostic(code, message, cure, level=rule.level, file=str(file), line=line)


def without(diagnostics: Iterable[Diagnostic], ignored: Set[str]) -> tuple[Diagnostic, ...]:
    """Return the ``diagnostics`` of all rules but the ``ignored`` ones, which are codes.

    Raises ``SettingsError`` where one of these is no rule.
    """
    if unknown := ignored - RULES.keys():
        raise SettingsError(
            f"The project ignores {', '.join(sorted(unknown))}, which isn't a rule.",
            cure='Correct pyproject.toml: under [tool.berceau.lint], ignore = ["L102"].',
        )
    return tuple(each for each in diagnostics if each.code not in ignored)
