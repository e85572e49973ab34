"""From a revision in git to what its processes can do with a schema.

``release`` finds the running release, the code that still serves while a migration is applied,
and has its entities composed by ``composing``, in a process of its own. A ``witness`` runs what it
does in the copy that a migration is proven on, before and after, and ``refusal`` says why it can't
be.
"""
