"""The tables that are Berceau's own, and not part of the schema."""

LEDGER = "berceau_migration"
SEEDS = "berceau_seed"
OWN_TABLES = (LEDGER, SEEDS)
