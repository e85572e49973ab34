"""The tables of ``tenants.py`` as a project of django-tenants, in a database of its own."""

import subprocess
import venv
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from project import plain_environment

from berceau.postgres.core.connection import connect
from berceau.postgres.core.fetch import execute
from berceau.postgres.core.url import Url

PEERS = ["django>=5.2,<6", "django-tenants>=3.7,<4", "psycopg2-binary"]
EXECUTORS = ("standard", "multiprocessing")

MODELS = """
from django.db import models
from django_tenants.models import DomainMixin, TenantMixin


class Client(TenantMixin):
    auto_create_schema = False
    name = models.CharField(max_length=100)


class Domain(DomainMixin):
    pass
"""
POSTS = """
import uuid

from django.db import models


class Author(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=100, unique=True)
    email = models.CharField(max_length=254, unique=True)
    created_at = models.DateTimeField()


class Post(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    title = models.CharField(max_length=200)
    content = models.TextField()
    status = models.CharField(max_length=10)
    author = models.ForeignKey(Author, models.CASCADE)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["created_at", "id"])]
"""
DJANGO = """
SECRET_KEY = "a benchmark's"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SHARED_APPS = ["django_tenants", "django.contrib.contenttypes", "clients"]
TENANT_APPS = ["posts"]
INSTALLED_APPS = SHARED_APPS + TENANT_APPS
TENANT_MODEL = "clients.Client"
TENANT_DOMAIN_MODEL = "clients.Domain"
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
TENANT_MULTIPROCESSING_MAX_PROCESSES = {jobs}
DATABASES = {{"default": {{
    "ENGINE": "django_tenants.postgresql_backend",
    "NAME": "django", "USER": {user!r}, "HOST": {host!r},
}}}}
"""
GROW = """
import django; django.setup()
from clients.models import Client
for n in range({size}):
    client, new = Client.objects.get_or_create(schema_name=f"t{{n}}", name=f"t{{n}}")
    client.create_schema(check_if_exists=True)
"""


@dataclass
class Peer:
    """A project of django-tenants, whose multiprocessing executor has so many ``jobs``."""

    root: Path
    owner: Url
    admin: Url
    jobs: int
    columns: int = 0

    def __post_init__(self) -> None:
        with connect(self.admin, autocommit=True) as connection:
            execute(connection, f'CREATE DATABASE django OWNER "{self.owner.user}"')
        venv.create(self.root / "venv", with_pip=True)
        self.python = self.root / "venv" / "bin" / "python"
        subprocess.run([self.python, "-m", "pip", "install", "--quiet", *PEERS], check=True)
        values = {"user": self.owner.user, "host": self.owner.hosts[0][0], "jobs": self.jobs}
        files = {
            "config.py": DJANGO.format(**values),
            "clients/__init__.py": "",
            "clients/models.py": MODELS,
            "posts/__init__.py": "",
            "posts/models.py": POSTS,
        }
        for path, text in files.items():
            file = self.root / path
            file.parent.mkdir(exist_ok=True)
            file.write_text(dedent(text))
        for app in ("clients", "posts"):
            self.command("makemigrations", app)
        self.command("migrate_schemas", "--shared")

    def grow(self, size: int) -> None:
        """Make tenants until there are so many."""
        self._run("-c", GROW.format(size=size))

    def command(self, *arguments: str) -> None:
        """Run a command of the project."""
        self._run("-m", "django", *arguments)

    def add_column(self) -> None:
        """Write a migration that adds a column."""
        self.columns += 1
        field = f"    more_{self.columns} = models.IntegerField(null=True)\n\n    class Meta:"
        models = self.root / "posts" / "models.py"
        models.write_text(models.read_text().replace("    class Meta:", field.lstrip("\n")))
        self.command("makemigrations", "posts")

    def migrate(self, executor: str) -> None:
        """Bring all tenants up to date."""
        self.command("migrate_schemas", "--tenant", f"--executor={executor}")

    def _run(self, *arguments: str) -> None:
        environment = {
            **plain_environment(),
            "DJANGO_SETTINGS_MODULE": "config",
            "PGPASSWORD": self.owner.password,
            "PYTHONPATH": str(self.root),
        }
        subprocess.run(
            [str(self.python), *arguments],
            cwd=self.root,
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )
