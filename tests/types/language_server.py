"""A client of pyright's language server, as an editor is one: LSP over its standard streams."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CREATED, CHANGED = 1, 2


class LanguageServer:
    """An editor's side of the protocol; requests are answered before the next one is sent."""

    def __init__(self, process: "subprocess.Popen[bytes]", root: Path, python: str) -> None:
        self.process, self.python, self.last = process, python, 0
        folder = {"uri": root.as_uri(), "name": root.name}
        hover = {"contentFormat": ["plaintext"]}
        item = {"documentationFormat": ["plaintext"]}
        self.request(
            "initialize",
            processId=None,
            rootUri=folder["uri"],
            workspaceFolders=[folder],
            capabilities={
                "workspace": {
                    "configuration": True,
                    "didChangeWatchedFiles": {"dynamicRegistration": True},
                },
                "textDocument": {"hover": hover, "completion": {"completionItem": item}},
            },
        )
        self.notify("initialized")

    def open(self, file: Path, text: str) -> None:
        """Show ``text`` as the unsaved content of ``file``."""
        document = {"uri": file.as_uri(), "languageId": "python", "version": 1, "text": text}
        self.notify("textDocument/didOpen", textDocument=document)

    def changed(self, *files: Path) -> None:
        """Report that ``files`` changed on disk, as an editor that watches its folder does."""
        changes = [{"uri": file.as_uri(), "type": CHANGED} for file in files]
        self.notify("workspace/didChangeWatchedFiles", changes=changes)

    def complete(self, file: Path, line: int, column: int) -> dict[str, str]:
        """Return what is offered at a place, counted from 0: details by name."""
        answer = self.request("textDocument/completion", **_place(file, line, column))
        items = answer["items"] if isinstance(answer, dict) else answer or []
        return {item["label"]: item for item in items}

    def describe(self, item: Mapping[str, Any]) -> str:
        """Return what an editor shows beside an offered item."""
        documentation = self.request("completionItem/resolve", **item)["documentation"]
        return str(documentation["value"])

    def hover(self, file: Path, line: int, column: int) -> str:
        """Return what an editor shows at a place, counted from 0."""
        answer = self.request("textDocument/hover", **_place(file, line, column))
        return str(answer["contents"]["value"]) if answer else ""

    def request(self, method: str, **params: Any) -> Any:
        """Return the answer to a request; what the server asks meanwhile is answered."""
        self.last += 1
        self._send({"id": self.last, "method": method, "params": params})
        while True:
            message = self._receive()
            if message.get("id") == self.last and "method" not in message:
                assert "error" not in message, message
                return message["result"]
            if "id" in message:
                self._send({"id": message["id"], "result": self._answer(message)})

    def notify(self, method: str, **params: Any) -> None:
        self._send({"method": method, "params": params})

    def _answer(self, message: Mapping[str, Any]) -> Any:
        if message["method"] != "workspace/configuration":
            return None
        settings = {"python": {"pythonPath": self.python}}
        return [settings.get(item.get("section")) for item in message["params"]["items"]]

    def _send(self, message: Mapping[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self.process.stdout
        length = 0
        while line := self.process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        assert length, "the language server ended"
        message: dict[str, Any] = json.loads(self.process.stdout.read(length))
        return message


@contextmanager
def language_server(
    command: str, root: Path, python: str, environment: Mapping[str, str]
) -> Iterator[LanguageServer]:
    """Run the language server for the project at ``root``."""
    process = subprocess.Popen(
        [command, "--stdio"],
        cwd=root,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield LanguageServer(process, root, python)
    finally:
        process.kill()
        process.communicate()


def _place(file: Path, line: int, column: int) -> dict[str, Any]:
    place = {"line": line, "character": column}
    return {"textDocument": {"uri": file.as_uri()}, "position": place}
