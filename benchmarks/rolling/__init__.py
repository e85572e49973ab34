"""A release without downtime, tried: two processes under load become those of the next release.

``kinds`` are ten changes of a schema, as ``model`` describes them. ``berceau_site``,
``django_site`` and ``alembic_site`` write the same two releases for each tool, and migrate as each
tool does. ``drill`` lets ``visitors`` read and write meanwhile, and counts what failed and what was
lost.
"""
