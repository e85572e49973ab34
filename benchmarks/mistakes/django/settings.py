"""As little as Django needs to load the models."""

SECRET_KEY = "a comparison's"
INSTALLED_APPS = ["blog"]
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql"}}
