"""What Berceau adds to pytest's options and settings, by name."""

ISOLATION = "berceau_isolation"
ALLOWED = "berceau_allow_references"
WITHOUT_SLOW = "--without-slow"
FLAGS = {
    "--keep-schema": "keep the rows of the first test that fails, for inspection with psql",
    "--show-sql": "show the queries of tests that fail; with -s, of all tests",
    WITHOUT_SLOW: "leave tests out that are marked slow, unless their file is named",
}
