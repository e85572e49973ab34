"""The ten kinds of change, each with requests that suit the old release and the new one."""

from random import Random

from .model import Attribute, ByHand, Entity, Kind, Release

TEXTS = ("Bread", "Milk", "Salt", "Rice", "Tea")
NAMES = ("Ada", "Grace", "Alan", "Edsger", "Barbara")


def a_text(random: Random) -> str:
    """Return some text."""
    return f"{random.choice(TEXTS)} {random.randrange(10**6)}"


def a_name(random: Random) -> str:
    """Return a first name and a last one."""
    return f"{random.choice(NAMES)} {random.choice(TEXTS)}{random.randrange(10**6)}"


def an_amount(random: Random) -> str:
    """Return an amount of money, as it is written."""
    return f"{random.randrange(1, 10**4)}.{random.randrange(100):02}"


def a_state(random: Random) -> str:
    """Return how far something is."""
    return random.choice(("open", "closed"))


def states(
    entity: str, *labels: str, closed: str, shown: str, column: str | None = None
) -> Release:
    """Return a release whose entity has a state: DRAFT while it is open, ``closed`` afterwards."""
    enum = f"{entity}State"
    return Release(
        (Entity(entity, (Attribute("state", enum, column=column),)),),
        values=f'{{"state": {enum}.{closed} if value == "closed" else {enum}.DRAFT}}',
        shown=f'"closed" if row.state {shown} else "open"',
        enums={enum: labels},
    )


REQUIRED = Kind(
    "required",
    "required column added",
    Release((Entity("Product", (Attribute("name", "str"),)),), '{"name": value}', "row.name"),
    Release(
        (
            Entity(
                "Product",
                (Attribute("name", "str"), Attribute("featured", "bool", default="False")),
            ),
        ),
        '{"name": value, "featured": value.startswith("Tea")}',
        "row.name if row.featured in (True, False) else None",
    ),
    a_text,
    by_hand=ByHand(
        alembic=(
            'op.add_column("product", sa.Column("featured", sa.Boolean(), nullable=False, '
            "server_default=sa.false()))",
        )
    ),
)

DROPPED = Kind(
    "dropped",
    "column dropped",
    Release(
        (Entity("Article", (Attribute("name", "str"), Attribute("subtitle", "str"))),),
        '{"name": value, "subtitle": "of " + value}',
        "row.name",
    ),
    Release((Entity("Article", (Attribute("name", "str"),)),), '{"name": value}', "row.name"),
    a_text,
    contract_options=("--allow-data-loss",),
)

RENAMED = Kind(
    "renamed",
    "column renamed",
    Release((Entity("Parcel", (Attribute("weight", "str"),)),), '{"weight": value}', "row.weight"),
    Release((Entity("Parcel", (Attribute("grams", "str"),)),), '{"grams": value}', "row.grams"),
    a_text,
    options=("--rename", "parcel.weight=grams"),
    answers=("y",),
    by_hand=ByHand(alembic=('op.alter_column("parcel", "weight", new_column_name="grams")',)),
)

TABLE_RENAMED = Kind(
    "table_renamed",
    "table renamed",
    Release((Entity("Crate", (Attribute("label", "str"),)),), '{"label": value}', "row.label"),
    Release((Entity("Box", (Attribute("title", "str"),)),), '{"title": value}', "row.title"),
    a_text,
    options=(*("--rename", "crate=box"), *("--rename", "crate.label=title")),
)

RETYPED = Kind(
    "retyped",
    "type changed",
    Release((Entity("Ticket", (Attribute("price", "str"),)),), '{"price": value}', "row.price"),
    Release(
        (Entity("Ticket", (Attribute("price", "decimal", column="price_numeric"),)),),
        '{"price": Decimal(value)}',
        'f"{row.price:.2f}"',
    ),
    an_amount,
    options=(
        *("--rename", "ticket.price=price_numeric"),
        # The old release may write any text.
        "--backfill",
        "ticket.price_numeric=CASE WHEN price ~ '^[0-9]{1,10}([.][0-9]+)?$' "
        "THEN price::numeric ELSE 0 END",
    ),
    by_hand=ByHand(
        alembic=(
            'op.alter_column("ticket", "price", type_=sa.Numeric(12, 2), '
            'postgresql_using="price::numeric(12, 2)")',
        )
    ),
)

SPLIT = Kind(
    "split",
    "column split",
    Release((Entity("Member", (Attribute("name", "str"),)),), '{"name": value}', "row.name"),
    Release(
        (Entity("Member", (Attribute("first", "str"), Attribute("last", "str"))),),
        '{"first": value.split()[0], "last": value.split()[1]}',
        'row.first + " " + row.last',
    ),
    a_name,
    options=(
        *("--backfill", "member.first=split_part(name, ' ', 1)"),
        *("--backfill", "member.last=split_part(name, ' ', 2)"),
        *("--backfill", "member.name=first || ' ' || last"),
    ),
    contract_options=("--allow-data-loss",),
    answers=("n", "n", "1", "''", "1", "''"),
    by_hand=ByHand(
        django=(
            'migrations.AddField("member", "first", models.CharField(max_length=100, default=""))',
            'migrations.AddField("member", "last", models.CharField(max_length=100, default=""))',
            "migrations.RunSQL(\"UPDATE member SET first = split_part(name, ' ', 1), "
            "last = split_part(name, ' ', 2)\")",
            'migrations.RemoveField("member", "name")',
        ),
        alembic=(
            'op.add_column("member", sa.Column("first", sa.String(100)))',
            'op.add_column("member", sa.Column("last", sa.String(100)))',
            "op.execute(\"UPDATE member SET first = split_part(name, ' ', 1), "
            "last = split_part(name, ' ', 2)\")",
            'op.alter_column("member", "first", nullable=False)',
            'op.alter_column("member", "last", nullable=False)',
            'op.drop_column("member", "name")',
        ),
    ),
)

VALUE_ADDED = Kind(
    "value_added",
    "enum value added",
    states("Task", "DRAFT", "DONE", closed="DONE", shown="!= TaskState.DRAFT"),
    states("Task", "DRAFT", "DONE", "ARCHIVED", closed="ARCHIVED", shown="!= TaskState.DRAFT"),
    a_state,
    by_hand=ByHand(alembic=("op.execute(\"ALTER TYPE taskstate ADD VALUE 'ARCHIVED'\")",)),
)

VALUE_REMOVED = Kind(
    "value_removed",
    "enum value removed",
    states(
        "Invoice",
        *("DRAFT", "DONE", "ARCHIVED"),
        closed="ARCHIVED",
        shown="in (InvoiceState.DONE, InvoiceState.ARCHIVED)",
    ),
    states("Invoice", "DRAFT", "DONE", closed="DONE", shown="== InvoiceState.DONE"),
    a_state,
    options=("--map-value", "invoice_state.ARCHIVED=DONE"),
    by_hand=ByHand(
        django=(
            "migrations.RunSQL(\"UPDATE invoice SET state = 'DONE' WHERE state = 'ARCHIVED'\")",
        ),
        alembic=("op.execute(\"UPDATE invoice SET state = 'DONE' WHERE state = 'ARCHIVED'\")",),
    ),
)

VALUE_RENAMED = Kind(
    "value_renamed",
    "enum value renamed",
    states("Delivery", "DRAFT", "DONE", closed="DONE", shown="== DeliveryState.DONE"),
    states(
        *("Delivery", "DRAFT", "ARRIVED"),
        closed="ARRIVED",
        shown="== DeliveryState.ARRIVED",
        column="state_now",
    ),
    a_state,
    options=(
        *("--rename", "delivery_state.DONE=ARRIVED"),
        *("--rename", "delivery.state=state_now"),
    ),
    by_hand=ByHand(
        django=(
            "migrations.RunSQL(\"UPDATE delivery SET state = 'ARRIVED' WHERE state = 'DONE'\")",
        ),
        alembic=("op.execute(\"ALTER TYPE deliverystate RENAME VALUE 'DONE' TO 'ARRIVED'\")",),
    ),
)

SHELF = Entity("Shelf", ())

RELATION = Kind(
    "relation",
    "relation made required",
    Release(
        (SHELF, Entity("Book", (Attribute("shelf", "Shelf", required=False),))),
        '{"shelf": None if value == "none" else first(Shelf, key=value)}',
        'row.shelf.key if row.shelf else "none"',
    ),
    Release(
        (SHELF, Entity("Book", (Attribute("shelf", "Shelf"),))),
        '{"shelf": first(Shelf, key=value)}',
        "row.shelf.key",
    ),
    lambda random: random.choice(("none", "novels", "poems")),
    rows="INSERT INTO shelf (key) VALUES ('none'), ('novels'), ('poems');"
    "INSERT INTO book (key) VALUES ('a first book')",
    options=("--backfill", "book.shelf=(SELECT id FROM shelf WHERE key = 'none')"),
    answers=("1", "1"),
    by_hand=ByHand(
        alembic=(
            'op.execute("UPDATE book SET shelf_id = 1 WHERE shelf_id IS NULL")',
            'op.alter_column("book", "shelf_id", nullable=False)',
        )
    ),
)

ENTITY_SPLIT = Kind(
    "entity_split",
    "entity split in two",
    Release((Entity("Person", (Attribute("street", "str"),)),), '{"street": value}', "row.street"),
    Release(
        (
            Entity("Address", (Attribute("person", "Person"), Attribute("street", "str"))),
            Entity("Person", (Attribute("address", "Address", required=False, whole=True),)),
        ),
        "{}",
        'getattr(first(Address, person=row), "street", None)',
        companion="address = first(Address, person=row)\n"
        "if address is None:\n"
        "    make(Address, key=key, person=row, street=value)\n"
        "else:\n"
        "    put(address, street=value)\n",
    ),
    a_text,
    expand_options=(
        *("--move", "person.street=address.street"),
        *("--backfill", "address.key=key"),
    ),
    by_hand=ByHand(
        django=(
            'migrations.RunSQL("LOCK TABLE person")',
            'migrations.CreateModel("Address", [("id", models.BigAutoField(primary_key=True)), '
            '("key", models.CharField(max_length=100, unique=True)), '
            '("street", models.CharField(max_length=100)), '
            '("person", models.ForeignKey("shop.person", models.CASCADE))], '
            'options={"db_table": "address"})',
            'migrations.RunSQL("INSERT INTO address (key, street, person_id) '
            'SELECT key, street, id FROM person")',
            'migrations.RemoveField("person", "street")',
        ),
        alembic=(
            'op.execute("LOCK TABLE person")',
            'op.create_table("address", sa.Column("id", sa.Integer(), primary_key=True), '
            'sa.Column("key", sa.String(100), nullable=False, unique=True), '
            'sa.Column("street", sa.String(100), nullable=False), '
            'sa.Column("person_id", sa.Integer(), sa.ForeignKey("person.id", ondelete="CASCADE"), '
            "nullable=False))",
            'op.execute("INSERT INTO address (key, street, person_id) '
            'SELECT key, street, id FROM person")',
            'op.drop_column("person", "street")',
        ),
    ),
)

KINDS = (
    *(REQUIRED, DROPPED, RENAMED, RETYPED, SPLIT),
    *(VALUE_ADDED, VALUE_REMOVED, VALUE_RENAMED, RELATION, ENTITY_SPLIT),
)
MORE_KINDS = (TABLE_RENAMED,)
"""What is compared with no other tool."""
