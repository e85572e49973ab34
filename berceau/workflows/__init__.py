"""The use cases, a package a family: each joins components, entities and PostgreSQL.

A component's folder becomes a declared schema in ``build``, the difference becomes a migration in
``write``, and a database gets it in ``deploy``; ``history`` checks and rewrites what was written.
``compatibility`` knows the release that runs meanwhile.
``testing`` copies the result for tests, ``serve`` is what an application needs to start, and
``shared`` is what several of them use. Workflows print nothing: they return values, and report
progress to a function that they are given.
"""
