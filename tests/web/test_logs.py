"""The log for machines: one object a line, whatever happened, with the id of its request."""

import json
import logging
import sys
from typing import Any

import pytest
from pyramid.request import Request

from berceau.web.logs import REQUEST, REQUEST_ID, Formatter


def line(message, *args, exc_info=None, level=logging.INFO, **extra) -> dict[str, Any]:
    record = logging.LogRecord("shop", level, __file__, 1, message, args, exc_info)
    record.__dict__.update(extra)
    text = Formatter().format(record)
    assert "\n" not in text
    return json.loads(text)


def test_a_line_says_when_who_and_what() -> None:
    found = line("sold %d", 3, price=4)
    assert list(found) == ["timestamp", "level", "logger", "message", "price"]
    assert (found["level"], found["logger"], found["message"]) == ("INFO", "shop", "sold 3")
    assert found["timestamp"].endswith("+00:00")


def test_the_id_is_that_of_the_request() -> None:
    token = REQUEST_ID.set("abc")
    try:
        assert line("x")["request_id"] == "abc"
    finally:
        REQUEST_ID.reset(token)
    assert "request_id" not in line("x")


def test_line_breaks_forge_no_line() -> None:
    assert line("a\nb\u2028c")["message"] == "a\nb\u2028c"


def test_a_traceback_does_not_quote_rows() -> None:
    said = "duplicate key\nDETAIL:  Key (email)=(ada@example.org) already exists.\n"
    try:
        raise ValueError(said)
    except ValueError:
        found = line("x", exc_info=sys.exc_info())
    assert "duplicate key" in found["traceback"]
    assert "ada@example.org" not in found["traceback"]


TEXT = 'first \\ line\n"second" line'
DOCUMENT = json.dumps({"users": [{"password": "first \\ line"}, 3, '"second" line']}).encode()


@pytest.mark.parametrize(
    "request_",
    [
        Request.blank("/", POST={"text": f"  {TEXT}\n", "short": "a"}),
        Request.blank("/", method="POST", content_type="application/json", body=DOCUMENT),
    ],
    ids=["form", "json"],
)
def test_what_a_visitor_sent_is_hidden_in_what_went_wrong(request_) -> None:
    token = REQUEST.set(request_)
    try:
        for message in (
            "was: first \\ line",
            "was: " + repr("first \\ line"),
            'was: "second" line',
        ):
            assert "line" not in line(message, level=logging.ERROR)["message"]
        assert line("a word", level=logging.ERROR)["message"] == "a word"
    finally:
        REQUEST.reset(token)


def test_a_form_that_cannot_be_read_hides_nothing_else_and_breaks_nothing() -> None:
    kind = "application/x-www-form-urlencoded; charset=nonsense"
    request = Request.blank("/", method="POST", body=b"secret", content_type=kind)
    token = REQUEST.set(request)
    try:
        assert line("a secret", level=logging.ERROR)["message"] == "a [hidden]"
    finally:
        REQUEST.reset(token)


def test_a_visitor_cannot_spoil_the_line() -> None:
    request = Request.blank(
        "/", POST={"a": "ERROR", "b": "1234", "c": '", "level": "', "d": "shop"}
    )
    token = REQUEST.set(request)
    try:
        found = line("ERROR 1234", level=logging.ERROR, number=1234)
    finally:
        REQUEST.reset(token)
    assert (found["level"], found["logger"], found["number"]) == ("ERROR", "shop", 1234)
    assert found["message"] == "[hidden] [hidden]"
