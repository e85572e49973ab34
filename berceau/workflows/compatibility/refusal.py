"""The refusal of a migration that the running release can't live with."""

from collections.abc import Sequence

from berceau.errors import MigrationError
from berceau.schema.release import Misfit


def refuse_break(release: str, misfits: Sequence[Misfit]) -> None:
    """Raise ``MigrationError`` where a ``release`` can't run on the schema that is planned."""
    if not misfits:
        return
    lines = "\n".join(f"    {each}" for each in misfits)
    cures = filter(None, (each.cure for each in misfits))
    raise MigrationError(
        f"The running release {release} can't run on the new schema:\n{lines}",
        cure=" ".join(
            dict.fromkeys(
                (
                    "Nothing was written.",
                    *cures,
                    "If no process of it runs meanwhile, add --allow-downtime.",
                )
            )
        ),
    )
