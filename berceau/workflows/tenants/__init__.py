"""From a name to a tenant with tables of its own, and back; and a deploy over all of them.

``histories`` reads the two folders of migrations: of what is shared, and of what each tenant has.
``create`` and ``drop`` make and remove a tenant, in steps that a second run finishes; ``move``
brings one to another server of Citus. ``listing`` shows all. ``deploying`` brings the shared tables
and all tenants up to date, in ``sessions`` that serve many.
"""
