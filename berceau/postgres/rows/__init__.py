"""Rows: counted and cleared, copied, made up, and compared.

A plan is validated with ``sample_rows`` of the database and with ``synthetic_rows`` where it has
none, while triggers and rules keep their ``stillness``; ``fingerprints`` show whether rows are
what they were. ``violations`` finds rows in the database that a change doesn't fit.
"""
