"""Citus: PostgreSQL on several servers. A database has it where its extension is there.

``nodes`` asks for it, and reaches the other servers. ``schemas`` places a tenant's tables there.
Other packages ask ``nodes`` where they do something otherwise; most of their SQL holds with and
without it.
"""
