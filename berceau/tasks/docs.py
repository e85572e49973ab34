"""``invoke docs``: documentation of the schema, as files."""

from pathlib import Path

from invoke.context import Context

from berceau.errors import BerceauError
from berceau.tasks.command import command
from berceau.tasks.project import load, say
from berceau.workflows.shared.wording import counted


@command(
    help={
        "format": "html (the default), md, mermaid, dbml or json",
        "output": "the folder, by default docs/schema",
        "check": "write nothing, and fail where a file would change",
    }
)
def docs(_: Context, format: str = "html", output: str = "", check: bool = False) -> None:  # noqa: A002 - the option's name
    """Write documentation of the schema: tables, columns, relations, enums and diagrams."""
    from berceau.web.api.documents import openapi_documents
    from berceau.workflows.document.documenting import FOLDER, document

    settings = load()
    folder = Path(output).absolute() if output else settings.root / FOLDER
    found = document(settings, format, folder, openapi_documents(settings))
    if check:
        if found.stale:
            raise BerceauError(
                f"The documentation is stale; it would change {', '.join(found.stale)}.",
                cure="Run `invoke docs` with the same options, and commit the files.",
            )
        say(f"docs: {counted(found.tables, 'table')}, up to date")
        return
    changed = found.write()
    here = Path.cwd()
    shown = folder.relative_to(here) if folder.is_relative_to(here) else folder
    did = f"changed {counted(len(changed), 'file')} in" if changed else "nothing changed in"
    say(f"docs: {counted(found.tables, 'table')}; {did} {shown}")
