"""Document: the description of a project as files, for people who have neither code nor database.

``documenting.py`` decides which files there are, and writes or checks them. Each format has a
module that turns a ``Description`` into texts: ``markdown.py``, ``site.py`` for HTML,
``mermaid.py``, ``dbml.py`` and ``plain.py`` for JSON.
"""
