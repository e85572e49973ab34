"""Schemas copied exactly: whatever PostgreSQL can hold in one, without the rows."""
