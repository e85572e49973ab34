"""The process that composes the entities of another revision: in its folder, for ``release``."""

import json
import os
import sys
from pathlib import Path

from berceau.errors import BerceauError
from berceau.schema.codec import encode
from berceau.tenancy import Scope
from berceau.workflows.build.compose import compose
from berceau.workflows.build.declared import of


def serve(scope: Scope | None = None) -> None:
    """Print the schema that the project in the current folder declares, as JSON, or a part of it.

    What its components print isn't output. Ends with status 1 and the reason on standard error.
    """
    output = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        found = of(compose(Path.cwd() / "components"))
        schema = (found.part(scope) if scope else found).schema
    except BerceauError as error:
        sys.exit(str(error))
    with output:
        json.dump(encode(schema), output)
