"""Describe: what components declare, and what a database has of it, as one value.

``describing.py`` joins the declared schema, the entities, the lines of their files and the
migrations; with a connection, also the catalog and its statistics. ``description.py`` is the
value that the pages of the console and ``invoke docs`` show.
"""
