"""Entities as text, whose names stand for rows, and rows for them."""

LINKS = "INSERT INTO foo VALUES (1); INSERT INTO bar VALUES (1); INSERT INTO bar_foo VALUES (1, 1);"
PERSON = {"Person": "name = Optional(str, nullable=True)"}
BOTH = "bars/foos", "crates/woos"
STATE = "class State(enum.StrEnum):\n    OPEN = 'open'\n    DONE = 'done'\n"


def entity(name: str, *attributes: str) -> str:
    return "\n    ".join((f"class {name}(db.Entity):", *attributes)) + "\n"


def key(kind: str) -> str:
    return {"int": "id = PrimaryKey(int, auto=True)", "uuid": "id = PrimaryKey(UUID)"}[kind]


def network(kind: str) -> str:
    """Return entities whose keys everything refers to: themselves, each other, many to many."""
    return entity(
        "Node",
        key(kind),
        "parent = Optional('Node', reverse='kids')",
        "kids = Set('Node', reverse='parent')",
        "tags = Set('Tag')",
        "friends = Set('Node', reverse='friends')",
        "name = Required(str, 20)",
    ) + entity("Tag", key(kind), "nodes = Set(Node)", "label = Required(str, 20, unique=True)")


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
