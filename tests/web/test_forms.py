"""Fields are read as Python reads them, and in little memory."""

import io
import tracemalloc
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from berceau.settings import FormLimits
from berceau.web import forms

LIMITS = FormLimits()
SMALL = 7
PIECES = [
    b"%",
    b"%4",
    b"%41",
    b"%zz",
    b"%C3%a9",
    b"%c3",
    b"%26",
    b"a",
    b"=",
    b"&",
    b"+",
    b";",
    b"\xc3",
]


@given(
    st.lists(st.sampled_from(PIECES), max_size=20).map(b"".join),
    st.sampled_from([SMALL, forms.PIECE]),
)
def test_fields_are_read_as_python_reads_them(text, piece) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forms, "PIECE", piece)
        try:
            expected = parse_qsl(text.decode(), keep_blank_values=True, errors="strict")
        except ValueError:
            with pytest.raises(forms.MalformedError):
                forms.pairs(text, LIMITS)
        else:
            assert forms.pairs(text, LIMITS) == expected


@pytest.mark.slow
@pytest.mark.parametrize("value", [b"%41", b"%41b", b"%c3%a9", b"+", b"x"])
def test_fields_take_little_memory(value) -> None:
    text = b"a=" + value * ((LIMITS.max_form_size - 2) // len(value))
    tracemalloc.start()
    forms.pairs(text, LIMITS)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * len(text)


def test_a_form_too_large_is_refused_unread() -> None:
    body = io.BytesIO(b"a=b")
    with pytest.raises(forms.TooLargeError):
        forms.whole(body, LIMITS.max_form_size + 1, LIMITS)
    assert body.tell() == 0
    assert forms.whole(body, 3, LIMITS) == b"a=b"
