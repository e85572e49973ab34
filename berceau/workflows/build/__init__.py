"""From component folders to a declared schema, its SQL files and its types.

``build`` asks ``record`` whether anything changed. If so, ``compose`` imports the components and
makes one ``Schema`` of their entities, ``component_lint`` looks for what a reader of the code would
find wrong, from the ``file_facts`` of each source, and ``build`` writes SQL and types. Other
commands ask ``declared`` for the schema: it imports entities only where ``inputs``, which
``input_tracking`` recorded, changed since. ``new`` writes a component to begin with.
"""
