"""Schemas copied exactly: whatever PostgreSQL can hold in one, without the rows.

``cloning`` makes a copy. It gets the ``definition`` of all objects from ``reading``, and refuses
``references`` that may lead back to the source. ``writing`` carries the definitions out in the new
schema, and ``comparing`` checks through the catalogs that the copy equals its source.
``databases`` and ``filling`` do this for copies that are databases of their own, and
``fingerprint`` shows whether a schema changed since it was copied.
"""
