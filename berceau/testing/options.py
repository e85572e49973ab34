"""What Berceau adds to pytest's options and settings, by name."""

ISOLATION = "berceau_isolation"
ALLOWED = "berceau_allow_references"
FLAGS = {
    "--keep-schema": "keep the rows of the first test that fails, to look at them with psql",
    "--show-sql": "show the queries of tests that fail; with -s, of all tests",
}
