"""The settings of the pages on Django: the database at a URL, sessions and CSRF protection."""

from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import django
from django.conf import settings

HERE = Path(__file__).parent


def configure(url: str, urls: str) -> None:
    """Configure Django as ``startproject`` does, with the URLs of the module ``urls``."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    settings.configure(
        ALLOWED_HOSTS=["*"],
        SECRET_KEY="a benchmark's",
        ROOT_URLCONF=urls,
        USE_TZ=True,
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [HERE],
                "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
            }
        ],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": parts.path[1:],
                "USER": unquote(parts.username or ""),
                "HOST": query["host"][0],
                "PORT": query["port"][0],
                "CONN_MAX_AGE": None,
                "ATOMIC_REQUESTS": True,
            }
        },
    )
    django.setup()
