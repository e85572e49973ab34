"""Connections to a ``url``, and what all that use them share.

``connection`` opens one whose meaning of SQL no setting of a server changes, ``session`` gives a
migration one to itself, ``locks`` are known by name, ``turn`` lets threads take turns, and
``commit_status`` finds out what became of a commit whose connection broke.
"""
