"""What Berceau adds to pytest's options and settings, by name."""

ISOLATION = "berceau_isolation"
ALLOWED = "berceau_allow_references"
WITHOUT_SLOW = "--without-slow"
UPDATE_PLANS = "--update-plans"
N_PLUS_ONE = "--n-plus-one"
RECORD = "--record-queries"
FLAGS = {
    "--keep-schema": "keep the rows of the first test that fails, for inspection with psql",
    "--show-sql": "show the queries of tests that fail; with -s, of all tests",
    UPDATE_PLANS: "write the plans of all queries into tests/plans.json",
    RECORD: "write the shapes of all queries into .berceau/queries.json, as `invoke test` does",
    WITHOUT_SLOW: "leave tests out that are marked slow, unless their file is named",
}
