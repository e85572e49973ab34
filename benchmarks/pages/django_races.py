"""Writes that are made at once, on Django: ``python django_races.py URL PORT THREADS``."""

import sys

from django_settings import configure

if __name__ == "__main__":
    configure(sys.argv[1], __name__)

from django.db import IntegrityError, models
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt


class Tag(models.Model):
    """A word with a count."""

    name = models.CharField(max_length=100, unique=True)
    uses = models.IntegerField()

    class Meta:
        """Where its table is."""

        app_label = "races"
        db_table = "race_tag"


@csrf_exempt
def write(_request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """Write what the address says, as Django's documentation does."""
    status = 200
    if kind == "get_or_create":
        Tag.objects.get_or_create(name=key, defaults={"uses": 0})
    elif kind == "upsert":
        Tag.objects.update_or_create(name=key, defaults={"uses": 1})
    elif not Tag.objects.filter(name=key).exists():
        try:
            Tag.objects.create(name=key, uses=0)
        except IntegrityError:
            status = 409
    return HttpResponse(key, status=status)


urlpatterns = [path("<str:kind>/<str:key>", write)]

if __name__ == "__main__":
    from django.core.wsgi import get_wsgi_application
    from waitress import serve

    serve(get_wsgi_application(), listen=f"127.0.0.1:{sys.argv[2]}", threads=int(sys.argv[3]))
