"""What an application needs before its first request, and the rows that it begins with.

``start`` composes the components, applies pending migrations to the embedded database, and
connects the entities. It never changes a configured database; ``fitness`` says whether that has
what this release needs, and ``heartbeat`` that this process runs. ``seed`` loads the first rows of
each component.
"""
