"""What was given as a secret is in no text that a person reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from berceau.settings import secrets
from berceau.settings.secrets import HIDDEN, SHORTEST, hide, remember


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin without the secrets of other tests."""
    monkeypatch.setattr(secrets, "_known", set())


def test_a_text_without_secrets_stays_as_it_is() -> None:
    remember("hush-hush")
    assert hide("nothing to hide") == "nothing to hide"


def test_a_longer_secret_is_hidden_as_a_whole() -> None:
    for secret in ("hush", "hush-hush"):
        remember(secret)
    assert hide("hush-hush and hush") == f"{HIDDEN} and {HIDDEN}"


def test_the_password_of_a_url_is_hidden_alone() -> None:
    remember("smtps://ada:corr%20ect@mail.example.org")
    assert hide("b'corr ect' or corr%20ect was refused for ada") == (
        f"b'{HIDDEN}' or {HIDDEN} was refused for ada"
    )
    remember("smtps://[ada:correct@mail.example.org")  # this is no URL


def test_a_short_secret_would_be_found_everywhere() -> None:
    remember("a")
    assert hide("a banana") == "a banana"


@given(st.text(min_size=SHORTEST))
def test_a_quoted_secret_is_hidden_too(secret) -> None:
    remember(secret)
    for message in (secret, repr(secret), repr(f"it's {secret!r}"), repr(ValueError(secret))):
        assert HIDDEN in hide(message)


def test_what_is_hidden_already_stays() -> None:
    remember("hidden")
    remember("hush-hush")
    assert hide("a [hidden] hush-hush, hidden") == "a [hidden] [hidden], [hidden]"
