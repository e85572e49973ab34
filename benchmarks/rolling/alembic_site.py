"""The releases in SQLAlchemy, with the migrations that Alembic generates, on gunicorn."""

import re

from .drill import run
from .model import Attribute, Entity, Release
from .peer_site import PeerSite

MODELS = """
import enum
from decimal import Decimal

from sqlalchemy import Enum, ForeignKey, Numeric, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass
"""
WSGI = """
import json
from decimal import Decimal

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from models import *

engine = create_engine("postgresql+psycopg2://")
session = None


class Unit:
    \"\"\"The functions that a request uses, over its session.\"\"\"

    def __init__(self, session):
        def first(entity, **by):
            return session.scalars(select(entity).filter_by(**by)).first()

        def make(entity, **values):
            row = entity(**values)
            session.add(row)
            session.flush()
            return row

        def put(row, **values):
            for name, value in values.items():
                setattr(row, name, value)
{code}
        self.first, self.save, self.show = first, save, show


def answer(session, method, path, environ):
    unit = Unit(session)
    _, name, *keys = path.split("/")
    if not keys:
        newest = session.scalars(select({entity}).order_by({entity}.id.desc()).limit(20))
        return {{row.key: unit.show(row) for row in newest}}
    (key,) = keys
    if method == "PUT":
        length = int(environ["CONTENT_LENGTH"])
        unit.save(key, json.loads(environ["wsgi.input"].read(length)))
    row = unit.first({entity}, key=key)
    if method == "DELETE" and row is not None:
        session.delete(row)
    return unit.show(row) if row is not None else None


def application(environ, start_response):
    if environ["PATH_INFO"] == "/ready":
        start_response("200 OK", [])
        return [b"ok"]
    with Session(engine) as session, session.begin():
        found = answer(session, environ["REQUEST_METHOD"], environ["PATH_INFO"], environ)
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(found).encode()]
"""
ENV = """
from alembic import context
from sqlalchemy import create_engine

from models import Base

with create_engine("postgresql+psycopg2://").connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
"""
TEMPLATE = '''
"""${message}"""

from alembic import op
import sqlalchemy as sa
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade():
    ${upgrades if upgrades else "pass"}


def downgrade():
    ${downgrades if downgrades else "pass"}
'''
TYPES = {
    "bool": ("bool", ""),
    "int": ("int", ""),
    "str": ("str", "String(100)"),
    "decimal": ("Decimal", "Numeric(12, 2)"),
}
UPGRADE = re.compile(r"def upgrade\(\):\n.*?\n\n\n", re.DOTALL)


class AlembicSite(PeerSite):
    """Models, and the migrations that Alembic generates."""

    def begin(self) -> None:
        """Write release 1, and migrate the database."""
        self._write(1, self.kind.old)
        self._generate(1)
        self._alembic(1, "upgrade", "head")
        if self.kind.rows:
            code = (
                "from sqlalchemy import create_engine, text\n"
                'with create_engine("postgresql+psycopg2://").begin() as connection:\n'
                f"    connection.execute(text({self.kind.rows!r}))"
            )
            run([str(self.python), "-c", code], self.root(1), self.database)

    def plan(self) -> None:
        """Write release 2, and let Alembic generate the migration."""
        self._write(2, self.kind.new)
        for path in (self.root(1) / "alembic" / "versions").glob("*.py"):
            (self.root(2) / "alembic" / "versions" / path.name).write_text(path.read_text())
        self._generate(2)
        if self.by_hand and self.kind.by_hand.alembic:
            (made,) = (self.root(2) / "alembic" / "versions").glob("*_release_2.py")
            lines = "".join(f"    {operation}\n" for operation in self.kind.by_hand.alembic)
            text = UPGRADE.sub(lambda _: f"def upgrade():\n{lines}\n\n", made.read_text())
            made.write_text(text)

    def migrate(self) -> None:
        """Apply the migration."""
        self._alembic(2, "upgrade", "head")

    def _generate(self, release: int) -> None:
        message = f"release {release}"
        self._alembic(release, "revision", "--autogenerate", "-m", message)

    def _alembic(self, release: int, *arguments: str) -> str:
        command = [str(self.python), "-m", "alembic", *arguments]
        return run(command, self.root(release), {"PYTHONPATH": "."} | self.database)

    def _write(self, number: int, release: Release) -> None:
        root = self.root(number)
        (root / "alembic" / "versions").mkdir(parents=True)
        code = "".join(
            f"        {line}\n" if line else "\n" for line in release.code().splitlines()
        )
        texts = {
            "models.py": models(release),
            "wsgi.py": WSGI.format(code=code, entity=release.subject.name),
            "alembic.ini": "[alembic]\nscript_location = alembic\n",
            "alembic/env.py": ENV,
            "alembic/script.py.mako": TEMPLATE,
        }
        for path, text in texts.items():
            (root / path).write_text(text)


def models(release: Release) -> str:
    """Return the module of the models."""
    text = MODELS
    for name, labels in release.enums.items():
        members = "".join(f'    {label} = "{label}"\n' for label in labels)
        text += f"\n\nclass {name}(enum.Enum):\n{members}"
    return text + "".join(model(entity) for entity in release.entities)


def model(entity: Entity) -> str:
    """Return the class of an entity."""
    lines = "".join(column(each) for each in entity.columns)
    return (
        f'\n\nclass {entity.name}(Base):\n    __tablename__ = "{entity.name.lower()}"\n'
        "    id: Mapped[int] = mapped_column(primary_key=True)\n"
        f"    key: Mapped[str] = mapped_column(String(100), unique=True)\n{lines}"
    )


def column(attribute: Attribute) -> str:
    """Return the lines of an attribute."""
    kind, arguments = TYPES.get(attribute.type, (attribute.type, ""))
    if attribute.default is not None:
        arguments = ", ".join(filter(None, [arguments, f"default={attribute.default}"]))
    name = attribute.name
    if attribute.type in TYPES or attribute.type.endswith("State"):
        return f"    {name}: Mapped[{kind}] = mapped_column({arguments})\n"
    kind = f'"{kind}"' if attribute.required else f'"{kind} | None"'
    cascade = ', ondelete="CASCADE"' if attribute.required else ""
    key = "int" if attribute.required else "int | None"
    return (
        f"    {name}_id: Mapped[{key}] = mapped_column("
        f'ForeignKey("{attribute.type.lower()}.id"{cascade}))\n'
        f"    {name}: Mapped[{kind}] = relationship(passive_deletes=True)\n"
    )
