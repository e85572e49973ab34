"""From the folder of migrations to a database, and back.

``migration_directory`` reads ``migrations/``. ``deploy`` settles the ledger with it and applies
what is pending, ``down`` undoes, ``reset`` drops and applies again, ``resolve`` settles what only a
person can know. ``replay`` builds what migrations make in a scratch schema; by it, ``drift`` finds
where a database differs, and ``status`` has all of this.
"""
