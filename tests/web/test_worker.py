"""The options of the worker, which the ini file gives as text."""

import subprocess
import sys
from collections.abc import Mapping

import pytest

from berceau.errors import SettingsError
from berceau.web.worker import _read


def test_what_is_left_out_has_a_default() -> None:
    assert _read({}) == {
        "queues": None,
        "concurrency": 1,
        "fetch_job_polling_interval": 1.0,
        "shutdown_graceful_timeout": 30.0,
    }


def test_what_is_given_counts() -> None:
    found = _read({"queues": "mail images", "concurrency": "4", "poll_seconds": "0.5"})
    assert found["queues"] == ["mail", "images"]
    assert found["concurrency"] == 4
    assert found["fetch_job_polling_interval"] == 0.5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"concurrency": "1.5"}, "concurrency in .* is '1.5', which isn't an integer above 0"),
        ({"concurrency": "0"}, "isn't an integer above 0"),
        ({"drain_seconds": "-1"}, "isn't a number of seconds above 0"),
        ({"threads": "4"}, "an unknown option: threads"),
    ],
)
def test_a_mistake_names_its_option(options: Mapping[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        _read(options)


def test_without_procrastinate_it_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['procrastinate'] = None\n"
        "from berceau.web.worker import work; work(None, {})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == (
        "Background jobs need a package that isn't installed: procrastinate.\n"
        "  Install it: pip install 'berceau[jobs]'.\n"
    )
