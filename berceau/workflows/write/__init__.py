"""From a declared schema to a new migration.

``migrate`` asks the ``planner`` for a ``plan``: the difference between what migrations build and
what entities declare, which a ``draft`` works out on a ``scratch_copy``. ``renames`` and
``meanings`` settle what a removed and an added name have to do with each other, ``desired`` is
what entities declare together with all that stays for the running release, ``preflight`` asks
``target``, the database with rows, whether its rows fit (``gaps`` has what is missing, ``uses``
what is in the way), and ``destructive`` counts what would be lost; a person gives ``answers``.
``validation`` runs the plan both ways on the copy, with rows, and only then ``migrate`` writes the
files. ``propose`` shows all of it and writes nothing, ``existing`` keeps a first migration off
tables that are there, and ``agreement`` remembers that entities and migrations agree.
"""
