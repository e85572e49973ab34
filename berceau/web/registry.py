"""Where the parts of the application find what is theirs in Pyramid's registry."""

RUNNING = "berceau.running"
NAVIGATION = "berceau.navigation"
