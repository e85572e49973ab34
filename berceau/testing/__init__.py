"""The pytest plugin: a private schema for each worker, and the fixtures on it."""
