"""A private copy of the migrated schema for each test process.

``isolation`` chooses a database or a schema. A process takes one of the ``slots``; the lock that
it holds shows who uses the copy in it. ``copies`` makes a schema's copy and recognises one that can
be used again, ``template`` does so with databases. ``migrator`` walks along the migrations in an
``empty_schema``, ``prune`` drops what no run holds, and ``clone_command`` copies on demand.
"""
