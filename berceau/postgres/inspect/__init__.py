"""What a schema holds, read from ``pg_catalog``, and schemas made and dropped whole.

``catalog`` reads tables and enums as a ``Schema``; ``objects`` the rest, by name; ``dependents``
what uses a table, a column or a type. ``scratch`` is a schema to try things in, with the
``extensions`` of the real one, and ``preview`` shows what statements would lead to. ``removal``
drops what migrations made, in parts, and ``roles`` gives rights.
"""
