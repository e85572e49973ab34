"""Everything that the guides tell the reader to write and run is written and run.

CONTRIBUTING.md says how a page marks what happens.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError

import pytest

pytestmark = pytest.mark.slow

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [*sorted(DOCS.glob("guide/*.md")), DOCS / "troubleshooting.md"]

PIECE = re.compile(
    r"^(?P<heading>##? .+)$"
    r"|^<!-- \$ (?P<hidden>.+) -->$"
    r"|(?:^\*\*`(?P<file>[^`]+)`\*\*\n\n)?^```(?P<info>.*)\n(?P<text>(?:.*\n)*?)^```$"
    r"|(?P<address>http://127\.0\.0\.1:\d+(?P<path>/[\w/]*))",
    re.MULTILINE,
)
VARYING = [
    (re.compile(r"\b\d{14}(?=_)"), "TIMESTAMP"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(,\d{3})?"), "MOMENT"),
    (re.compile(r"\b\d+(\.\d+)?(?= ?m?s\b)"), "TIME"),
    (re.compile(r"(?<=MOMENT)\.\d{3} UTC \[\d+\]"), " OF A PROCESS"),
    (re.compile(r'(?<=server at )"[\w.]+"( \([\d.]+\))?, port \d+'), "AN ADDRESS"),
    (re.compile(r"(?<=PID )\d+|(?<=process )\d+"), "PID"),
    (re.compile(r"(?<=[?]token=)[\w.-]+"), "TOKEN"),
    (re.compile(r", \d+ deselected"), ""),  # only a run in one process tells it
    (re.compile(r"={3,}"), "==="),
    (re.compile(r"(?<=TIMEs) \(\d:\d\d:\d\d\)"), ""),  # pytest adds it to a minute or more
    (re.compile(r"\(\d:\d\d:\d\d\)"), "UPTIME"),
    (re.compile(r"/[\w/]+/berceau-\d+-[0-9a-f]{12}"), "SOCKET"),
]
ANYTHING = "..."


@dataclass(frozen=True)
class Command:
    """A command of a page, and the lines that it is shown to print."""

    text: str
    shown: list[str]

    @property
    def fails(self) -> bool:
        return any(line.startswith("error: ") for line in self.shown)


def normalise(text: str) -> list[str]:
    for pattern, name in VARYING:
        text = pattern.sub(name, text)
    return [line.rstrip() for line in text.strip("\n").split("\n")] if text.strip() else []


def compare(command: Command, output: str) -> None:
    """Hold the output against what is shown, where a line of three dots stands for any lines."""
    lines = command.shown
    pattern = (r"(?:.*\n)*?" if line == ANYTHING else f"{re.escape(line)}\n" for line in lines)
    printed = "".join(f"{line}\n" for line in normalise(output))
    shown = "".join(f"{line}\n" for line in lines)
    agrees = re.fullmatch("".join(pattern), printed)
    assert agrees, f"$ {command.text}\n{printed}--- but the page shows\n{shown}"


def read_commands(text: str) -> Iterator[Command]:
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, shown = re.sub(r"\\\n", "", part).partition("\n")
        yield Command(command, normalise(shown))


class Page:
    """A page that happens in a checkout, from its beginning to its end."""

    def __init__(self, checkout) -> None:
        self.checkout = checkout
        self.servers = ExitStack()
        self.serving = False

    def play(self, text: str) -> None:
        with self.servers:
            for piece in PIECE.finditer(text):
                if piece["heading"]:
                    self.servers.close()
                    self.serving = False
                elif piece["hidden"]:
                    self.run(Command(piece["hidden"], [ANYTHING]))
                elif piece["address"]:
                    self.visit(piece["path"])
                else:
                    self.do(piece["info"], piece["file"], piece["text"])

    def do(self, info: str, file: str | None, text: str) -> None:
        if file:
            path = self.checkout.root / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        elif info == "console server":
            (command,) = read_commands(text)
            served = self.checkout.running(
                command.text, lambda log: command.shown[-1] in normalise(log)
            )
            output = self.servers.enter_context(served)
            self.serving = True
            compare(command, output)
        elif info == "console":
            for command in read_commands(text):
                self.run(command)
        else:
            assert info != "python", f"this is neither written nor run:\n{text}"

    def run(self, command: Command) -> None:
        status, output = self.checkout.run(command.text)
        compare(command, output)
        assert (status != 0) == command.fails, f"{command.text} ended with {status}:\n{output}"

    def visit(self, path: str) -> None:
        if self.serving:
            try:
                self.checkout.get(path)
            except HTTPError as error:
                pytest.fail(f"{path} answers {error.code}")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_shows_happens(page, checkout, request) -> None:
    text = page.read_text()
    checkout.use_this_environment()
    if "db.example.org" in text:
        checkout.environment |= request.getfixturevalue("example_server")
    text = text.replace("6543", checkout.port).replace("/home/ada/berceau", str(checkout.root))
    Page(checkout).play(text)


def test_how_long_tests_take_varies() -> None:
    shown = Command("invoke test", normalise("=== 2 passed in 12.35s ==="))
    compare(shown, "=== 2 passed in 62.10s (0:01:02) ===\n")
