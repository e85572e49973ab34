"""``stats`` and ``advise``: what a database's planner knows, as a file, and what follows from it.

``saving`` takes the statistics of the configured database; ``clone`` makes of them what plans.
``sources`` finds the queries, ``advising`` plans them there and tries candidates, and ``choosing``
takes those that are worth it. ``places`` finds what entities declare, ``findings`` puts it in
words, ``found`` leaves out what is dismissed, and ``applying`` writes into the code, by ``code``.
"""
