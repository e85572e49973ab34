"""The use cases, one a module: each joins components, entities and PostgreSQL for one purpose."""
