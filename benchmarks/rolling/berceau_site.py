"""The releases in Berceau: a git repository, ``invoke migrate``, and clones that are served."""

import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from berceau.postgres.core.connection import connect
from berceau.postgres.core.fetch import execute
from berceau.workflows.shared.databases import Databases

from .drill import Serving, StepFailedError, run
from .model import Attribute, Entity, Kind, Release

INI = """
[app:main]
use = egg:berceau#main
berceau.root = %(here)s
berceau.hosts = 127.0.0.1

[server:main]
use = egg:berceau#main
listen = 127.0.0.1:%(http_port)s
threads = 4
"""
ENTITIES = '''
"""What the component {name} stores."""

from decimal import Decimal
from enum import Enum

from pony.orm import Optional, Required

from berceau.orm import db
'''
COMPONENT = '''
"""A kind of change: {title}."""

from decimal import Decimal

from pyramid.config import Configurator
from pyramid.view import view_config

from .entities import *


def includeme(config: Configurator) -> None:
    """Add the addresses."""
    config.add_route("{name}.list", "/{name}")
    config.add_route("{name}", "/{name}/{{key}}")


def first(entity, **by):
    return entity.get(**by)


def make(entity, **values):
    return entity(**values)


def put(row, **values):
    row.set(**values)

{code}

@view_config(route_name="{name}", renderer="json", require_csrf=False)
def one(request):
    key = request.matchdict["key"]
    if request.method == "PUT":
        save(key, request.json_body)
    row = first({entity}, key=key)
    if request.method == "DELETE" and row is not None:
        row.delete()
        return None
    return show(row) if row is not None else None


@view_config(route_name="{name}.list", renderer="json")
def newest(request):
    return {{row.key: show(row) for row in {entity}.select().order_by(lambda row: -row.id)[:20]}}
'''
NOTHING_KEPT = "Nothing is kept for an earlier release."
TYPES = {"bool": "bool", "int": "int", "str": "str, 100", "decimal": "Decimal, 12, 2"}


@dataclass
class BerceauSite:
    """A project of one component for each kind, whose folders are clones of one repository.

    ``developer`` are the databases of the person who writes migrations, ``production`` those that
    are served.
    """

    kinds: Sequence[Kind]
    folder: Path
    developer: Databases
    production: Databases
    in_one_step: bool = False
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    invoke: Sequence[str] = (sys.executable, "-m", "invoke")

    @property
    def checkout(self) -> Path:
        """The developer's folder."""
        return self.folder / "checkout"

    def begin(self) -> None:
        """Write release 1, and migrate the database."""
        self.checkout.mkdir(parents=True)
        texts = {
            "tasks.py": "from berceau.tasks import namespace\n",
            "components/__init__.py": "",
            "production.ini": INI,
            ".gitignore": ".berceau/\n__pycache__/\n",
        }
        (self.checkout / "components").mkdir()
        for path, text in texts.items():
            (self.checkout / path).write_text(text)
        self._git(self.checkout, "init", "-q", "-b", "main")
        self._write("old")
        self._develop("migrate", "--name", "release_1")
        self._commit(1)
        self._deploy(1)
        for url in (self.developer.migration_url, self.production.migration_url):
            with connect(url, autocommit=True) as connection, connection.cursor() as cursor:
                for kind in self.kinds:
                    if kind.rows:
                        cursor.execute(kind.rows)
        with connect(self.production.migration_url, autocommit=True) as connection:
            # Release 1 is served for long: the table has all processes that run.
            execute(connection, "COMMENT ON TABLE berceau_process IS NULL")

    def plan(self) -> None:
        """Write release 2 with its migration, and then the one that contracts."""
        self._write("new")
        options = [option for kind in self.kinds for option in kind.options]
        if self.in_one_step:
            options += ["--allow-downtime", "--allow-data-loss"]
        else:
            options += [option for kind in self.kinds for option in kind.expand_options]
        self._develop("migrate", "--name", "release_2", "--no-input", *options)
        self._commit(2)
        if not self.in_one_step:
            self._plan_contract()

    def _plan_contract(self) -> None:
        options = {option: None for kind in self.kinds for option in kind.contract_options}
        try:
            self._develop("migrate", "--contract", "--name", "contract", "--no-input", *options)
        except StepFailedError as error:
            if NOTHING_KEPT not in str(error):
                raise
        self._commit(3)

    def migrate(self) -> None:
        """Apply what must be there before release 2."""
        self._deploy(2)

    def contract(self) -> None:
        """Apply what waits for the end of release 1."""
        if (self.folder / "release3").exists():
            self._deploy(3, "--contract")

    def serving(self, release: int, port: int) -> Serving:
        """Return how ``release`` is served at ``port``."""
        pserve = str(Path(sys.executable).with_name("pserve"))
        return Serving(
            [pserve, "production.ini", f"http_port={port}"],
            self.folder / f"release{release}",
            {
                "DATABASE_URL": self.production.runtime_url.with_password(),
                "BERCEAU_SECRET": self.secret,
            },
            "/readyz",
        )

    def _deploy(self, release: int, *options: str) -> None:
        urls = _environment(self.production)
        run([*self.invoke, "migrate.deploy", *options], self.folder / f"release{release}", urls)

    def _develop(self, *arguments: str) -> None:
        run([*self.invoke, *arguments], self.checkout, _environment(self.developer))

    def _commit(self, release: int) -> None:
        self._git(self.checkout, "add", "-A")
        self._git(self.checkout, "commit", "-q", "--allow-empty", "-m", f"Release {release}")
        self._git(self.folder, "clone", "-q", str(self.checkout), f"release{release}")

    def _git(self, folder: Path, *arguments: str) -> None:
        who = ("-c", "user.name=A developer", "-c", "user.email=developer@example.org")
        run(["git", *who, *arguments], folder, {})

    def _write(self, age: str) -> None:
        for kind in self.kinds:
            release: Release = getattr(kind, age)
            folder = self.checkout / "components" / kind.name
            folder.mkdir(exist_ok=True)
            (folder / "entities.py").write_text(entities(kind, release))
            text = COMPONENT.format(
                name=kind.name,
                title=kind.title,
                code=release.code(),
                entity=release.subject.name,
            )
            (folder / "__init__.py").write_text(text)


def _environment(databases: Databases) -> dict[str, str]:
    return {
        "DATABASE_URL": databases.runtime_url.with_password(),
        "MIGRATION_DATABASE_URL": databases.migration_url.with_password(),
    }


def entities(kind: Kind, release: Release) -> str:
    """Return the module of the entities."""
    text = ENTITIES.format(name=kind.name)
    for name, labels in release.enums.items():
        members = "".join(f'    {label} = "{label}"\n' for label in labels)
        text += f'\n\nclass {name}(Enum):\n    """How far one is."""\n\n{members}'
    return text + "".join(entity(each) for each in release.entities)


def entity(declared: Entity) -> str:
    """Return the class of an entity."""
    lines = "".join(f"    {each.name} = {attribute(each)}\n" for each in declared.attributes)
    return (
        f'\n\nclass {declared.name}(db.Entity):\n    """A row that visitors know by its key."""\n\n'
        f"    key = Required(str, 100, unique=True)\n{lines}"
    )


def attribute(declared: Attribute) -> str:
    """Return the right side of an attribute."""
    known = TYPES.get(declared.type)
    given = known or (declared.type if declared.type.endswith("State") else f'"{declared.type}"')
    options = [given]
    if declared.default is not None:
        options.append(f"default={declared.default}")
    if declared.column is not None:
        options.append(f'column="{declared.column}"')
    if declared.whole:
        options.append("cascade_delete=True")
    return f"{'Required' if declared.required else 'Optional'}({', '.join(options)})"
