"""Files that visitors sent, in a folder or an S3-like store: install ``berceau[files]``."""

from berceau.files import storage

__all__ = ["files"]

files = storage.Storage()
"""The one place for files, which ``STORAGE_URL`` names: a folder, or a bucket.

What is saved in a unit of work is removed where the unit is rolled back. An example::

    from berceau.files import files

    key = files.save(request.POST["photo"].file)
    Photo(key=key, title="A cat")
"""
