"""The history of migrations: checked as a whole, and rewritten.

``check`` is what CI runs: branches that conflict, changed files, differences to the entities, and
``lint``, which asks ``squawk`` about SQL written by hand. ``rebase`` moves one branch behind the
one that everybody shares according to ``git``, ``squash`` puts one migration in the place of all,
``baseline`` and ``adopt`` begin a history on a database that has tables. Those that change files
and ledger together do it by ``rewrite``, so that the next command finishes what was interrupted.
"""
