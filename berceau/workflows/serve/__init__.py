"""What an application needs before its first request, and the rows that it begins with.

``start`` composes the components, applies pending migrations to the embedded database, and
connects the entities. It never changes a configured database, whose ``pending`` migrations it
reports. ``seed`` loads the first rows of each component.
"""
