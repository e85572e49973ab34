"""Libraries of JavaScript that the console ships: their files, from the npm registry.

``vendor.py`` writes the files that ``vendor.json`` lists, and fails where the registry gives others
than those whose hashes it has. ``vendor.py NAME VERSION`` takes another version, and its hashes.
Read what changed, and the licence, before you commit that.
"""

import hashlib
import io
import json
import sys
import tarfile
from base64 import b64encode
from pathlib import Path
from typing import Any
from urllib.request import urlopen

FOLDER = Path(__file__).parents[1] / "berceau/console/static/vendor"
LIST = FOLDER / "vendor.json"
REGISTRY = "https://registry.npmjs.org"


def renew(name: str, known: dict[str, Any], version: str) -> dict[str, Any]:
    """Write the files of a library, and return what ``vendor.json`` has to say of it."""
    found = json.loads(_get(f"{REGISTRY}/{name}/{version}"))
    tarball = _get(found["dist"]["tarball"])
    integrity = f"sha512-{b64encode(hashlib.sha512(tarball).digest()).decode()}"
    same = version == known["version"]
    if integrity != found["dist"]["integrity"] or (same and integrity != known["integrity"]):
        sys.exit(f"{name} {version}: the tarball isn't the one that was expected: {integrity}")
    files = {}
    with tarfile.open(fileobj=io.BytesIO(tarball)) as archive:
        for target, file in known["files"].items():
            member = archive.extractfile(f"package/{file['path']}")
            content = member.read() if member else b""
            (FOLDER / name).mkdir(exist_ok=True)
            (FOLDER / name / target).write_bytes(content)
            files[target] = {"path": file["path"], "sha256": hashlib.sha256(content).hexdigest()}
    licence = found["license"]
    return known | {
        "version": version,
        "licence": licence,
        "integrity": integrity,
        "files": files,
    }


def _get(url: str) -> bytes:
    with urlopen(url, timeout=60) as answer:  # noqa: S310 - https, as above
        content: bytes = answer.read()
        return content


def main(arguments: list[str]) -> None:
    """Renew all libraries, or the one that is named."""
    libraries = json.loads(LIST.read_text())
    name, version = arguments if len(arguments) == 2 else (None, None)
    for each in [name] if name else libraries:
        libraries[each] = renew(each, libraries[each], version or libraries[each]["version"])
        print(f"{each} {libraries[each]['version']}: {', '.join(libraries[each]['files'])}")
    LIST.write_text(json.dumps(libraries, indent=2) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
