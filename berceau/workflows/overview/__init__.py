"""Overview: a project on one page: its components, its database, its history, and what to do.

``components`` reads what lies in the components' folders, ``attention`` says what isn't in order,
and ``overview`` puts both beside the figures of the database.
"""
