"""What others do: generated components for Django, Alembic and Prisma, and a copy by pg_dump."""

import subprocess
from pathlib import Path

from project import write

from berceau.postgres.core.url import Url
from berceau.postgres.embedded.binaries import find_programs

DJANGO_MODELS = """
import uuid

from django.db import models


class Status(models.TextChoices):
    DRAFT = "DRAFT"
    DONE = "DONE"


class Notebook(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=100, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)


class Note(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    title = models.CharField(max_length=200)
    content = models.TextField(blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    notebook = models.ForeignKey(Notebook, models.CASCADE, related_name="notes")
    created_at = models.DateTimeField(auto_now_add=True)
"""

DJANGO_SETTINGS = """
SECRET_KEY = "a benchmark's"
USE_TZ = True
INSTALLED_APPS = [f"apps.c{{number:03}}" for number in range({components})]
DATABASES = {{"default": {{
    "ENGINE": "django.db.backends.postgresql",
    "NAME": {database!r},
    "USER": {user!r},
    "HOST": {host!r},
    "OPTIONS": {{"options": "-c search_path={schema}"}},
}}}}
"""

SQLALCHEMY_BASE = """
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    pass
"""

SQLALCHEMY_MODELS = """
import enum
import uuid
from datetime import datetime

from sqlalchemy import DateTime, Enum, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base


class C{number}Status(enum.Enum):
    DRAFT = "DRAFT"
    DONE = "DONE"


class C{number}Notebook(Base):
    __tablename__ = "c{number}_notebook"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    notes: Mapped[list["C{number}Note"]] = relationship(back_populates="notebook")


class C{number}Note(Base):
    __tablename__ = "c{number}_note"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    title: Mapped[str] = mapped_column(String(200))
    content: Mapped[str] = mapped_column(Text)
    status: Mapped[C{number}Status] = mapped_column(Enum(C{number}Status, name="c{number}_status"))
    notebook_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("c{number}_notebook.id", ondelete="CASCADE"), index=True)
    notebook: Mapped[C{number}Notebook] = relationship(back_populates="notes")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
"""

ALEMBIC_INI = """
[alembic]
script_location = alembic
"""

ALEMBIC_ENV = """
import importlib

from alembic import context
from sqlalchemy import create_engine

from models.base import Base

for number in range({components}):
    importlib.import_module(f"models.c{{number:03}}")

engine = create_engine({url!r}, connect_args={{"options": "-c search_path={schema}"}})
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
"""

ALEMBIC_TEMPLATE = '''
"""${message}"""

from alembic import op
import sqlalchemy as sa
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade():
    ${upgrades if upgrades else "pass"}


def downgrade():
    ${downgrades if downgrades else "pass"}
'''

PRISMA_SCHEMA = """
generator client {
  provider = "prisma-client"
  output = "./generated"
}

datasource db {
  provider = "postgresql"
}
"""

PRISMA_MODELS = """
enum C{number}Status {{
  DRAFT
  DONE
}}

model C{number}Notebook {{
  id String @id @default(uuid()) @db.Uuid
  name String @unique @db.VarChar(100)
  created_at DateTime @default(now()) @db.Timestamptz
  notes C{number}Note[]
}}

model C{number}Note {{
  id String @id @default(uuid()) @db.Uuid
  title String @db.VarChar(200)
  content String
  status C{number}Status @default(DRAFT)
  notebook_id String @db.Uuid
  notebook C{number}Notebook @relation(fields: [notebook_id], references: [id], onDelete: Cascade)
  created_at DateTime @default(now()) @db.Timestamptz
  @@index([notebook_id])
}}
"""

PRISMA_ENVIRONMENT = {"CHECKPOINT_DISABLE": "1", "PRISMA_SCHEMA_ENGINE_BINARY": "/bin/true"}
"""Spares Prisma the network: `generate` never runs the engine that it would download first."""


def generate_django(root: Path, components: int, host: str, schema: str) -> None:
    """Write a Django project of that many apps, on the schema of the server at ``host``."""
    write(
        root / "settings.py", DJANGO_SETTINGS.format(components=components, **_names(host, schema))
    )
    write(root / "apps" / "__init__.py", "")
    for number in range(components):
        app = root / "apps" / f"c{number:03}"
        write(app / "__init__.py", "")
        write(app / "models.py", DJANGO_MODELS)
        write(app / "migrations" / "__init__.py", "")


def generate_alembic(root: Path, components: int, host: str, schema: str) -> None:
    """Write SQLAlchemy models of that many modules with Alembic, on the schema at ``host``."""
    names = _names(host, schema)
    url = "postgresql+psycopg2://{user}@/{database}?host={host}".format(**names)
    write(root / "alembic.ini", ALEMBIC_INI)
    write(root / "alembic" / "env.py", ALEMBIC_ENV.format(components=components, url=url, **names))
    write(root / "alembic" / "script.py.mako", ALEMBIC_TEMPLATE)
    (root / "alembic" / "versions").mkdir()
    write(root / "models" / "__init__.py", "")
    write(root / "models" / "base.py", SQLALCHEMY_BASE)
    for number in range(components):
        text = SQLALCHEMY_MODELS.format(number=f"{number:03}")
        write(root / "models" / f"c{number:03}.py", text)


def generate_prisma(root: Path, components: int) -> None:
    """Write a Prisma schema of that many pairs of models."""
    models = (PRISMA_MODELS.format(number=f"{number:03}") for number in range(components))
    write(root / "schema.prisma", PRISMA_SCHEMA + "".join(models))


def _names(host: str, schema: str) -> dict[str, str]:
    return {"host": host, "schema": schema, "user": "berceau_owner", "database": "berceau"}


def copy_by_dump(url: Url) -> None:
    """Copy the schema public as people do without Berceau."""
    options = f"-h {url.hosts[0][0]} -U {url.user} -d {url.database}"
    programs = find_programs()
    subprocess.run(
        f"'{programs}/pg_dump' {options} --schema-only --schema=public --no-comments"
        r" | sed -e 's/public\./peer./g' -e 's/SCHEMA public/SCHEMA peer/'"
        f" | '{programs}/psql' {options} -q -v ON_ERROR_STOP=1 >/dev/null",
        shell=True,
        check=True,
    )
