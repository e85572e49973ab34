"""What the sessions of the database do at this moment, and which wait for which."""

from typing import Any

from pyramid.request import Request

from berceau.console import formats
from berceau.console.sql import pieces
from berceau.console.views import console_view
from berceau.orm import db
from berceau.postgres.inspect.activity import Session, sessions
from berceau.workflows.shared.wording import counted


@console_view("/activity", section="requests", template="activity.pt")
def activity(request: Request) -> dict[str, Any]:  # noqa: ARG001 - Pyramid's signature
    """Show the other sessions; a script asks for the page again and again."""
    found = sessions(db.get_connection())
    return {
        "sessions": list(map(_row, found)),
        "waiting": sum(bool(each.blockers) for each in found),
        "active": sum(each.state == "active" for each in found),
        "counted": counted,
    }


def _row(each: Session) -> dict[str, Any]:
    badge = "danger" if each.blockers else "info" if each.state == "active" else ""
    if not badge and each.state.startswith("idle in transaction"):
        badge = "warning"
    return {
        "each": each,
        "badge": badge,
        "pieces": pieces(each.query),
        "since": "" if each.since is None else formats.span(each.since),
        "transaction": "" if each.transaction is None else formats.span(each.transaction),
        "blockers": ", ".join(map(str, each.blockers)),
    }
