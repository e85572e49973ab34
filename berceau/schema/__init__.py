"""The shape of a database as immutable values, and what turns one shape into another."""
