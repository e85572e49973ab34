"""Migrations carried out, so that the ``ledger`` always records how far one came.

``runner`` takes the ``deploy_lock`` and hands over one transaction group after the other to
``execution``, which waits for locks by ``lock_retry`` and, where a statement can't be in a
transaction, asks ``concurrent_ddl`` whether it took effect. ``dry_run`` does the same in a scratch
schema: quickly, inside the ``schema_guard``, with the extensions of the schema ``behind`` it.
``failure`` tells where a statement failed and why, and ``retyping`` what prevents a new type.
``seeds`` records what was loaded, and ``progress`` reports to a person meanwhile.
"""
