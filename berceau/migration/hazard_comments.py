"""The hazards that the comments above a statement name, as in what Berceau writes."""

from collections.abc import Sequence

from berceau.schema.statement import Hazard


def hazards_above(line: int, lines: Sequence[str]) -> frozenset[Hazard]:
    """Return the hazards named in the comments right above ``line``, one of ``lines`` from 1."""
    found: set[Hazard] = set()
    for above in reversed(lines[: line - 1]):
        if not above.startswith("--"):
            break
        found |= {hazard for hazard in Hazard if hazard in above}
    return frozenset(found)
