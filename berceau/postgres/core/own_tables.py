"""The names that are Berceau's own: tables that are no part of the schema, and a row."""

LEDGER = "berceau_migration"
SEEDS = "berceau_seed"
PROCESSES = "berceau_process"
TENANTS = "berceau_tenant"
OWN_TABLES = (LEDGER, SEEDS, PROCESSES, TENANTS)
ROW = "berceau_row"
"""What the console calls a row in SQL, which tells its queries from those of the application."""
