"""Forms, read under limits: what is malformed or too large is refused before it costs much."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from pyramid.httpexceptions import HTTPBadRequest, HTTPRequestEntityTooLarge

from berceau.settings import FormLimits

# Decoding by others may take long: punycode's time grows with the square of the length.
CHARSETS = {"utf-8", "utf8", "us-ascii", "ascii"}

PIECE = 64 * 1024
ENCODED = re.compile(rb"(?:%[0-9A-Fa-f]{2})+")


class MalformedError(HTTPBadRequest, ValueError):
    """A request that can't be read: its address, its form, its JSON or its encoding is malformed.

    It is answered with the status 400. Reading ``request.GET``, ``request.POST``,
    ``request.json_body`` or ``request.text`` raises it.
    """

    title = "This request is malformed"
    explanation = "Check the address, or start from the home page."


class TooLargeError(HTTPRequestEntityTooLarge, ValueError):
    """A form that has more fields, files or bytes than the settings allow.

    It is answered with the status 413. Reading ``request.POST`` raises it, and so does reading
    ``request.GET`` for too many variables.
    """

    title = "This form is too large"
    explanation = "Nothing was saved. Send less at once."


@dataclass(eq=False)
class Upload:
    """A file of a form: what ``request.POST`` has for a field that sent one.

    ``name`` is that of the field, ``filename`` what the browser calls the file, and ``type`` the
    media type that it gives: trust neither. ``file`` is open for reading, at its begin, and is
    closed once the response was sent: copy what is needed longer.
    """

    name: str
    filename: str
    type: str
    file: IO[bytes] = field(repr=False)

    @property
    def value(self) -> bytes:
        """All its bytes, read into memory; ``file`` is at its begin afterwards."""
        self.file.seek(0)
        found = self.file.read()
        self.file.seek(0)
        return found


def whole(body: IO[bytes], length: int | None, limits: FormLimits) -> bytes:
    """Return the text of a form without files, ``length`` bytes if known.

    Raises ``TooLargeError``, without reading where that can be told.
    """
    if length is not None and length > limits.max_form_size:
        raise TooLargeError
    text = body.read(limits.max_form_size + 1)
    if len(text) > limits.max_form_size:
        raise TooLargeError
    return text


def pairs(text: bytes, limits: FormLimits) -> list[tuple[str, str]]:
    """Return the names and values of an urlencoded ``text``, which is UTF-8.

    Raises ``MalformedError``, ``TooLargeError``.
    """
    if text.count(b"&") >= limits.max_form_fields:
        raise TooLargeError
    named = (pair.partition(b"=") for pair in text.split(b"&") if pair)
    try:
        return [(_unquoted(name), _unquoted(value)) for name, _, value in named]
    except ValueError:
        raise MalformedError from None


def _unquoted(text: bytes) -> str:
    """Return ``text`` without percent-encoding.

    Python's own ``unquote`` takes 55 times the memory of a text that is encoded throughout: here,
    pieces are decoded one after the other.
    """
    text = text.replace(b"+", b" ")
    if b"%" not in text:
        return text.decode()
    found, start = bytearray(), 0
    while start < len(text):
        end = start + PIECE
        cut = text.rfind(b"%", end - 2, end)  # an encoded byte stays in one piece
        piece = text[start : end if cut < 0 else cut]
        found += ENCODED.sub(_decoded, piece)
        start += len(piece)
    return found.decode()


def _decoded(encoded: re.Match[bytes]) -> bytes:
    return bytes.fromhex(encoded[0].replace(b"%", b"").decode())


def parts(
    body: IO[bytes], content_type: str, limits: FormLimits, open_file: Callable[[], IO[bytes]]
) -> Iterator[tuple[str, str | Upload]]:
    """Yield the names of a ``multipart/form-data`` body, with their texts and files.

    ``open_file`` returns an empty file for an upload, which its caller closes. Raises
    ``MalformedError``, ``TooLargeError``.
    """
    # Most applications take no files: the parser is loaded where one does.
    from multipart import MultipartError, ParserLimitReached

    fields, files, size = limits.max_form_fields, limits.max_form_files, limits.max_form_size
    try:
        for part, content in _segments(body, content_type, fields + files):
            if part.filename:
                files -= 1
                yield part.name, _upload(part, content, open_file())
            else:
                fields -= 1
                text = _text(part, content, size)
                size -= len(text)
                yield part.name, text.decode()
            if min(fields, files) < 0:
                raise TooLargeError
    except ParserLimitReached:
        raise TooLargeError from None
    except (MultipartError, UnicodeDecodeError):
        raise MalformedError from None


def _segments(
    body: IO[bytes], content_type: str, most: int
) -> Iterator[tuple[Any, Iterator[bytes]]]:
    """Yield the headers of each part, and its content, which has to be read at once."""
    from multipart import PushMultipartParser, parse_options_header

    _, options = parse_options_header(content_type)
    boundary = options.get("boundary", "")
    events = PushMultipartParser(boundary, max_segment_count=most, strict=True).parse_blocking(
        body.read
    )
    for part in events:
        yield part, iter(events.__next__, None)


def _upload(part: Any, content: Iterator[bytes], file: IO[bytes]) -> Upload:
    file.writelines(content)
    file.seek(0)
    return Upload(part.name, part.filename, part.content_type or "application/octet-stream", file)


def _text(part: Any, content: Iterator[bytes], most: int) -> bytearray:
    if part.charset and part.charset.lower() not in CHARSETS:
        raise MalformedError("Send text as UTF-8.")
    text = bytearray()
    for chunk in content:
        text += chunk
        if len(text) > most:
            raise TooLargeError
    return text
