"""The edge to PostgreSQL: the only package that imports psycopg2 or runs SQL of Berceau's own."""
