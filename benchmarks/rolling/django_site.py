"""The releases in Django, with the migrations that ``makemigrations`` writes, on gunicorn."""

import re
from collections.abc import Sequence

from .drill import run
from .model import Attribute, Entity, Release
from .peer_site import PeerSite

SETTINGS = """
import os

SECRET_KEY = "a benchmark's"
USE_TZ = True
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "shop.views"
INSTALLED_APPS = ["shop"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": {
    "ENGINE": "django.db.backends.postgresql",
    "NAME": os.environ["PGDATABASE"],
    "CONN_MAX_AGE": None,
    "ATOMIC_REQUESTS": True,
}}
"""
WSGI = """
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
"""
VIEWS = """
import json
from decimal import Decimal

from django.http import HttpResponse, JsonResponse
from django.urls import path

from .models import *


def first(model, **by):
    return model.objects.filter(**by).first()


def make(model, **values):
    return model.objects.create(**values)


def put(row, **values):
    for name, value in values.items():
        setattr(row, name, value)
    row.save()

{code}

def one(request, key):
    if request.method == "PUT":
        save(key, json.loads(request.body))
    row = first({entity}, key=key)
    if request.method == "DELETE" and row is not None:
        row.delete()
    return JsonResponse(show(row) if row is not None else None, safe=False)


def newest(request):
    return JsonResponse({{row.key: show(row) for row in {entity}.objects.order_by("-id")[:20]}})


urlpatterns = [
    path("ready", lambda request: HttpResponse("ok")),
    path("{name}", newest),
    path("{name}/<str:key>", one),
]
"""
FIELDS = {
    "bool": "BooleanField({})",
    "int": "IntegerField({})",
    "str": "CharField(max_length=100{})",
    "decimal": "DecimalField(max_digits=12, decimal_places=2{})",
}
OPERATIONS = re.compile(r"    operations = \[.*?^    \]\n", re.DOTALL | re.MULTILINE)


class DjangoSite(PeerSite):
    """A project of one app."""

    def begin(self) -> None:
        """Write release 1, and migrate the database."""
        self._write(1, self.kind.old)
        self._manage(1, "makemigrations", "shop")
        self._manage(1, "migrate")
        if self.kind.rows:
            self._manage(
                1,
                "shell",
                "-c",
                f"from django.db import connection\n"
                f"connection.cursor().execute({self.kind.rows!r})",
            )

    def plan(self) -> None:
        """Write release 2, and let Django write the migration."""
        self._write(2, self.kind.new)
        for path in sorted((self.root(1) / "shop" / "migrations").glob("0*.py")):
            (self.root(2) / "shop" / "migrations" / path.name).write_text(path.read_text())
        self._manage(2, "makemigrations", "shop", stdin="\n".join((*self.kind.answers, "")))
        if self.by_hand and self.kind.by_hand.django:
            (made,) = (self.root(2) / "shop" / "migrations").glob("0002_*.py")
            made.write_text(with_operations(made.read_text(), self.kind.by_hand.django))

    def migrate(self) -> None:
        """Apply the migration."""
        self._manage(2, "migrate")

    def _manage(self, release: int, *arguments: str, stdin: str = "") -> str:
        command = [
            str(self.python),
            "-m",
            "django",
            *arguments,
            "--settings=settings",
            "--pythonpath=.",
        ]
        return run(command, self.root(release), self.database, stdin)

    def _write(self, number: int, release: Release) -> None:
        root = self.root(number)
        (root / "shop" / "migrations").mkdir(parents=True)
        texts = {
            "settings.py": SETTINGS,
            "wsgi.py": 'import os\n\nos.environ["DJANGO_SETTINGS_MODULE"] = "settings"\n' + WSGI,
            "shop/__init__.py": "",
            "shop/migrations/__init__.py": "",
            "shop/models.py": models(release),
            "shop/views.py": VIEWS.format(
                code=release.code(), entity=release.subject.name, name=self.kind.name
            ),
        }
        for path, text in texts.items():
            (root / path).write_text(text)


def with_operations(text: str, operations: Sequence[str]) -> str:
    """Return the text of a migration with other operations."""
    lines = "".join(f"        {operation},\n" for operation in operations)
    return "from django.db import models\n" + OPERATIONS.sub(
        lambda _: f"    operations = [\n{lines}    ]\n", text
    )


def models(release: Release) -> str:
    """Return the module of the models."""
    text = "from django.db import models\n"
    for name, labels in release.enums.items():
        members = "".join(f'    {label} = "{label}"\n' for label in labels)
        text += f"\n\nclass {name}(models.TextChoices):\n{members}"
    return text + "".join(model(entity, release) for entity in release.entities)


def model(entity: Entity, release: Release) -> str:
    """Return the class of an entity."""
    fields = "".join(
        f"    {each.name} = models.{field(each, release)}\n" for each in entity.columns
    )
    return (
        f"\n\nclass {entity.name}(models.Model):\n"
        f"    key = models.CharField(max_length=100, unique=True)\n{fields}\n"
        f'    class Meta:\n        db_table = "{entity.name.lower()}"\n'
    )


def field(attribute: Attribute, release: Release) -> str:
    """Return the field of an attribute."""
    options = [] if attribute.required else ["null=True"]
    if attribute.default is not None:
        options.append(f"default={attribute.default}")
    if attribute.type in release.enums:
        return f"CharField(max_length=20, choices={attribute.type}.choices)"
    if attribute.type in FIELDS:
        separator = ", " if options and "(max" in FIELDS[attribute.type] else ""
        return FIELDS[attribute.type].format(separator + ", ".join(options))
    return f"ForeignKey({', '.join([repr(attribute.type), 'models.CASCADE', *options])})"
