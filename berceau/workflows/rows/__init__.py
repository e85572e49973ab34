"""Rows of entities: found and shown, exported, and changed by the entities themselves.

``entities`` knows which fields an entity has, which are secret and what an object is called.
``browsing`` reads a page of a list, ``looking`` one object with what is related to it. A query
is written in SQL, not by Pony: it cuts large values, and shows what Python has no value for.
``exporting`` writes all rows as CSV. ``forms`` turns what was typed into values and back;
``editing`` and ``linking`` give them to the entities, and ``cascades`` tells before a deletion what
it would do to others.
"""
