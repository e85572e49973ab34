"""What the database knows of tenants.

``registry`` is a table in the schema that all of them share. Its owner writes it; the application
reads it.
"""
