"""The secret that signs sessions: random, or refused with the command that makes a good one."""

import secrets
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from berceau.errors import SettingsError
from berceau.settings import Settings
from berceau.web.secret import CURE, signing_secret

WEAK = [
    "short",
    "change-me-" * 5,
    "CorrectHorseBatteryStaplePassword",
    "your-key-goes-here-and-it-is-long-enough",
    "a" * 64,
    "abcdefgh" * 8,
    "12345678901234567890123456789012",
]


@pytest.mark.parametrize("secret", WEAK)
def test_a_weak_secret_is_refused_and_not_repeated(tmp_path, secret) -> None:
    with pytest.raises(SettingsError, match="can be guessed") as caught:
        signing_secret(Settings(tmp_path, secret=secret))
    assert secret not in str(caught.value)
    assert "secrets.token_urlsafe" in caught.value.cure


def test_a_missing_secret_is_refused(tmp_path) -> None:
    with pytest.raises(SettingsError, match="isn't set") as caught:
        signing_secret(Settings(tmp_path))
    assert "secrets.token_urlsafe" in caught.value.cure


@given(st.sampled_from([32, 48, 64]).flatmap(lambda size: st.binary(min_size=size, max_size=size)))
def test_what_random_bytes_make_is_never_confused_with_a_pattern(tmp_path_factory, seed) -> None:
    if len(set(seed)) < 20:
        return  # hypothesis likes zeros; chance doesn't
    root = tmp_path_factory.getbasetemp()
    assert signing_secret(Settings(root, secret=seed.hex())) == seed.hex()


def test_the_command_that_the_message_names_makes_a_good_one(tmp_path) -> None:
    code = CURE.split('python -c "')[1].rstrip('"')
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    made = printed.strip()
    assert signing_secret(Settings(tmp_path, secret=made)) == made


def test_development_makes_one_and_keeps_it_from_others(tmp_path) -> None:
    settings = Settings(tmp_path, development=True)
    made = signing_secret(settings)
    assert signing_secret(Settings(tmp_path, secret=made)) == made
    assert signing_secret(settings) == made
    assert stat.S_IMODE((tmp_path / ".berceau" / "secret").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / ".berceau").iterdir()] == ["secret"]


def test_development_takes_any_that_is_set(tmp_path) -> None:
    assert signing_secret(Settings(tmp_path, secret="dev", development=True)) == "dev"
    assert not (tmp_path / ".berceau").exists()


def test_processes_that_start_at_once_agree_on_one(tmp_path) -> None:
    settings = Settings(tmp_path, development=True)
    with ThreadPoolExecutor(8) as pool:
        made = {
            future.result() for future in [pool.submit(signing_secret, settings) for _ in range(32)]
        }
    assert len(made) == 1


def test_a_token_of_sixteen_bytes_is_enough(tmp_path) -> None:
    for _ in range(200):
        token = secrets.token_hex(16)
        assert signing_secret(Settings(tmp_path, secret=token)) == token
