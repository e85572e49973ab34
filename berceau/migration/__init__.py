"""Migrations as values: the SQL files themselves live in the project's ``migrations/``."""
