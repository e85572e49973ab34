"""Vendored libraries are what `vendor.json` says, and nothing else is beside them."""

import gzip
import hashlib
import json

from tests.conftest import ROOT

FOLDER = ROOT / "berceau/console/static/vendor"
MOST = 1_000_000
"""So many bytes of the wheel they may take: a wheel is compressed, like this."""


def test_files_have_the_hashes_of_the_list() -> None:
    libraries = json.loads((FOLDER / "vendor.json").read_text())
    listed = {
        f"{name}/{file}": known["sha256"]
        for name, library in libraries.items()
        for file, known in library["files"].items()
    }
    there = {
        path.relative_to(FOLDER).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in FOLDER.rglob("*")
        if path.is_file() and path.name != "vendor.json"
    }
    assert there == listed


def test_each_has_its_licence_and_all_are_small_enough() -> None:
    for name, library in json.loads((FOLDER / "vendor.json").read_text()).items():
        assert library["licence"]
        assert [file for file in library["files"] if file.upper().startswith("LICENSE")], name
    size = sum(len(gzip.compress(p.read_bytes())) for p in FOLDER.rglob("*") if p.is_file())
    assert size < MOST
