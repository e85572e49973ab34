"""What counts as empty: text of which nothing can be seen."""

import pytest

from berceau.text import is_blank

BLANK = {
    "nothing": "",
    "spaces": " \t\n\u00a0\u2003\u3000",
    "zero width": "\u200b\u200c\u200d\u2060\ufeff",
    "soft hyphen": "\u00ad",
    "bidi marks": "\u200e\u200f\u061c",
    "bidi embeddings": "\u202a\u202b\u202c\u202d\u202e",
    "bidi isolates": "\u2066\u2067\u2068\u2069",
    "only marks": "\u0301\u0308\u20dd",
    "variation selectors": "\ufe0f\U000e0100",
    "tags": "\U000e0041\U000e007f",
    "controls": "\x00\x07\x1b\x7f\x85",
    "line separators": "\u2028\u2029",
    "hangul fillers": "\u115f\u1160\u3164\uffa0",
    "blank braille": "\u2800",
    "a blank hieroglyph": "\U00013441",
    "a silent note": "\U0001d159",
    "no character": "\ufffe\U0010ffff\ufdd0",
    "reserved": "\u2065\ufff0\U000e0fff",
    "a surrogate": "\ud800",
    "several kinds": " \u200b\u0301\u3164\u202e",
}
SEEN = {
    "a letter": "a",
    "a letter among others": "\u200b\u202ex\u200b",
    "a letter with a mark": "e\u0301",
    "a digit": "0",
    "punctuation": "?",
    "an emoji": "\U0001f600",
    "a family of emoji": "\U0001f468\u200d\U0001f469",
    "a heart and its selector": "\u2764\ufe0f",
    "arabic": "\u0645\u0631\u062d\u0628\u0627",
    "hangul": "\ud55c",
    "braille": "\u2801",
    "an icon of a font's own": "\ue000",
    "a character of the future": "\U0001faff",
}


@pytest.mark.parametrize("text", BLANK.values(), ids=BLANK)
def test_of_this_nothing_can_be_seen(text) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", SEEN.values(), ids=SEEN)
def test_of_this_something_can(text) -> None:
    assert not is_blank(text)
