"""What several workflows use, and what knows none of them.

``files`` writes generated files whole or not at all, ``cache`` keeps values that were costly to
find out under the ``fingerprint`` of what they follow from, ``databases`` finds or starts the
project's databases, ``phases`` measures, and ``wording`` counts in words.
"""
