"""Places for files: a folder, memory, and a server like S3 in a process of its own."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from berceau.files.storage import Storage
from tests.ports import free_port, is_open
from tests.waiting import SECONDS, wait_until


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The address of a server like S3, which has a bucket called ``shop``."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: is_open(port), process=process)
            address = f"http://127.0.0.1:{port}"
            urlopen(Request(f"{address}/shop", method="PUT"), timeout=SECONDS).close()
            yield address
        finally:
            process.kill()


@pytest.fixture
def connected() -> Callable[..., Storage]:
    """Return a function that gives the storage of a URL; ``endpoint`` is that of a bucket."""

    def connected(url: str, endpoint: str = "") -> Storage:
        storage = Storage()
        options = {
            "aws_endpoint_url": endpoint,
            "aws_region": "us-east-1",
            "aws_access_key_id": "ada",
            "aws_secret_access_key": "a secret",
        }
        storage.connect(url, options if endpoint else {})
        return storage

    return connected


@pytest.fixture(params=["folder", "memory", pytest.param("s3", marks=pytest.mark.slow)])
def storage(
    request: pytest.FixtureRequest, tmp_path: Path, connected: Callable[..., Storage]
) -> Storage:
    """A storage without files, of each kind."""
    if request.param == "s3":
        return connected(f"s3://shop/{tmp_path.name}", request.getfixturevalue("s3"))
    return connected("memory:///" if request.param == "memory" else (tmp_path / "a place").as_uri())
