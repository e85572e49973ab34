"""Where the parts of the application find what is theirs in Pyramid's registry."""

SETTINGS = "berceau.settings"
RUNNING = "berceau.running"
NAVIGATION = "berceau.navigation"
METRICS = "berceau.metrics"
EXPLAIN = "berceau.explain"
