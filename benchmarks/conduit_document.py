"""Schemathesis on Conduit's OpenAPI document: what no answer may be, and how many were checked.

Serves the example by production.ini with provisioned roles, and sends what the document allows and
what it doesn't: as a member, as a visitor without an account, and as a member to an article and a
user who are there. Prints how many requests the server's log has, by status. Exits with 1 where an
answer is 500, has a status that the document doesn't name, or isn't of the schema that the document
has for it.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.request import Request, urlopen

from conduit_served import PORT, Served, exit_tidily, serving, with_path

# No schema says which texts have nothing to see in them, or NUL, which can't be stored. What one
# worker made, another may rename before the first looks for it.
EXCLUDED = "positive_data_acceptance,ensure_resource_availability"
OPTIONS = (
    *("--workers=4", "--no-shrink", "--continue-on-failure", "--output-truncate=true"),
    *("--suppress-health-check=all", "--warnings=off", f"--exclude-checks={EXCLUDED}"),
)
# Another title gives the article another address.
STAYS = (
    *("--exclude-method=DELETE", "--exclude-operation-id=articles_article_change"),
    "--phases=coverage,fuzzing",
)
# A body that is too large is refused before anything else is wrong with it.
EXPECTED = """\
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 428, 429]
"""
KNOWN = """\
[parameters]
"path.slug" = "{slug}"
"path.username" = "{username}"
"""


def main() -> None:
    """Send the requests and print what was answered."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--requests", type=int, default=50_000, help="at least so many")
    options.add_argument("--examples", type=int, default=200, help="of an operation in each run")
    options.add_argument("--port", type=int, default=PORT)
    arguments = options.parse_args()
    failed = False
    exit_tidily()
    with serving(arguments.port, production=True) as served:
        while sum(statuses(served).values()) < arguments.requests:
            for name, command in runs(served.address):
                done = attack(served.address, arguments.examples, *command)
                failed |= done.returncode != 0
                print(name, *summary(done.stdout), sep="\n  ")
            found = statuses(served)
            print(f"{sum(found.values()):,} requests so far", dict(sorted(found.items())))
    if failed or any(status >= 500 for status in found):
        sys.exit(1)


def runs(address: str) -> Iterator[tuple[str, tuple[str, list[str]]]]:
    """Yield how requests are sent, with a configuration and options: by whom, and to what."""
    username = f"u{token_hex(8)}"
    user = {"username": username, "email": f"{username}@example.org", "password": token_hex(8)}
    header = f"Authorization: Token {send(address, 'users', {'user': user})['user']['token']}"
    article = {"title": username, "description": "About it", "body": "All of it"}
    slug = send(address, "articles", {"article": article}, header)["article"]["slug"]
    yield "a member", (EXPECTED, ["--header", header])
    yield "nobody", (EXPECTED, [])
    known = KNOWN.format(slug=slug, username=username)
    yield "a member, to what is there", (EXPECTED + known, ["--header", header, *STAYS])


def send(address: str, path: str, body: Any, header: str = "X-Nobody: 1") -> Any:
    """Return the answer to a POST."""
    name, _, value = header.partition(": ")
    headers = {"Content-Type": "application/json", name: value}
    request = Request(f"{address}/api/{path}", json.dumps(body).encode(), headers)
    with urlopen(request) as answer:
        return json.load(answer)


def attack(
    address: str, examples: int, configuration: str, options: list[str]
) -> subprocess.CompletedProcess[str]:
    """Let schemathesis send its requests, in a folder that isn't kept."""
    command = ["run", f"{address}/api/openapi.json", f"-n{examples}", *OPTIONS, *options]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "schemathesis.toml").write_text(configuration)
        return subprocess.run(
            with_path(["schemathesis", *command]),
            cwd=folder,
            stdout=subprocess.PIPE,
            text=True,
        )


def summary(said: str) -> Iterator[str]:
    """Yield the lines that tell failures and counts, not what was sent."""
    parts = said.partition("= SUMMARY =")
    yield from (line[:200] for line in parts[2].splitlines() if line.strip("= "))
    if "Failures:" in parts[2]:
        yield from (line[:300] for line in parts[0].splitlines()[-400:])


def statuses(served: Served) -> Counter[int]:
    """Return how many requests the server answered, by status: each has a line in its log."""
    with served.log.open() as lines:
        found = [json.loads(line) for line in lines if '"berceau.access"' in line]
    return Counter(line["status"] for line in found)


if __name__ == "__main__":
    main()
