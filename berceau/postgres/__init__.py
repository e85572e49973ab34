"""The edge to PostgreSQL: the only room that imports psycopg2 or runs SQL of Berceau's own.

``core`` connects. On it stand ``embedded``, the server of a project that has none; ``pooling``,
the application's connections; ``inspect``, which reads and makes schemas; ``rows``, which looks at
data; ``runner``, which applies migrations; and ``clone``, which copies a schema.
"""
