"""Entities as text, whose names stand for rows, and rows for them."""

LINKS = "INSERT INTO foo VALUES (1); INSERT INTO bar VALUES (1); INSERT INTO bar_foo VALUES (1, 1);"
PERSON = {"Person": "name = Optional(str, nullable=True)"}
BOTH = "bars/foos", "crates/woos"


def entities(**attributes: str) -> str:
    """Return entities, as text, by their names and attributes."""
    lines = []
    for name, body in attributes.items():
        name, _, base = name.partition("_")
        lines.append(f"class {name}({base or 'db.Entity'}):")
        lines += [f"    {line.strip()}" for line in (body or "pass").split(";")]
    return "\n".join(lines) + "\n"


def linked(*pairs: str) -> str:
    """Return two entities with the relations of ``pairs``, each an attribute of either."""
    names = [pair.split("/") for pair in pairs]
    return entities(
        Foo=";".join(f"{one} = Set('Bar', reverse='{other}')" for one, other in names),
        Bar=";".join(f"{other} = Set('Foo', reverse='{one}')" for one, other in names),
    )
