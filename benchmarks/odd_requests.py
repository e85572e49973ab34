"""Odd requests of each kind, drawn from a seeded source: bytes that a server may be sent."""

import json
from collections.abc import Callable
from random import Random
from typing import Any
from urllib.parse import quote_from_bytes

NASTY = [
    *(b"\x00", b"%00", b"\xff\xfe", "\u202eé€😀".encode(), b"\xed\xa0\x80", b"%ed%a0%80"),
    *(b"%c0%af", b"\xc2\x85"),
    *(b"%", b"%zz", b"%u0000", b"..", b"../../etc/passwd", b"%2e%2e%2f", b"//", b"\\", b"'", b'"'),
    *(b"<script>", b"' OR 1=1 --", b"${7*7}", b"{{7*7}}", b"%0d%0aSet-Cookie:a=b", b"9" * 5000),
    *(b"-1", b"1e999", b"NaN", b"0x10", b"null", b"[]", b"a" * 3000, b",", b";", b"=", b"&", b" "),
    *("İ".encode() * 200, b"\x7f", b"\t", b"(", b")", b"*", b"?", b"#", b"@", b":"),
]
METHODS = [b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"TRACE", b"CONNECT"]
PATHS = [
    *(b"/", b"/demo", b"/demo/posts", b"/demo/posts/%s/delete", b"/static/berceau/berceau.css"),
    *(b"/static/demo/demo.css", b"/healthz", b"/readyz", b"/%72eadyz", b"/nowhere", b"/demo/%s"),
    *(b"/static/berceau/%s", b"/%s", b"*", b"http://127.0.0.1/demo", b"http://[", b"//%s", b"/;%s"),
]
DATES = [
    *(b"Mon, 01 Jan 99999999999999 00:00:00 GMT", b"Mon, 01 Jan 2125 00:00:00 GMT", b"yesterday"),
    *(b"Mon, 99 Xyz 2025 99:99:99 GMT", b"01 Jan 0000 00:00:00 +99999999", b"1", b"", b"9" * 400),
]
ETAGS = [b'"a"', b"W/", b'W/"a', b"*", b'"' * 99, b',"a",,', b"\xff"]
ACCEPT = [b"*/*", b"a/b;q=2", b";" * 300, b"a/b;q=" + b"9" * 300, b"/", b"gzip;q=", b"\xff", b","]
VALUES: dict[bytes, list[bytes]] = {
    b"Range": [b"bytes=0-1", b"bytes=-5", b"bytes=5-1", b"bytes=" + b"9" * 5000 + b"-", b"bytes=,"],
    b"If-Modified-Since": DATES,
    b"If-Unmodified-Since": DATES,
    b"If-Range": DATES + ETAGS,
    b"If-Match": ETAGS,
    b"If-None-Match": ETAGS,
    b"Date": DATES,
    b"Accept": ACCEPT,
    b"Accept-Charset": ACCEPT,
    b"Accept-Encoding": ACCEPT,
    b"Accept-Language": ACCEPT,
    b"Authorization": [b"Basic", b"Basic !!", b"Bearer a", b"Digest " + b'a="' * 99, b" ", b"\xff"],
    b"Cache-Control": [b"max-age=" + b"9" * 5000, b"no-cache=", b'"' * 99, b"=,=", b"\xff"],
    b"Content-Type": [b"a/b; charset=odd", b";", b"a/b; charset=punycode", b"/", b"\xff"],
    b"Cookie": [b'a="\\351"', b"=", b";" * 999, b"session=x", b'a="\\000"', b"\xff" * 99],
    b"Expect": [b"100-continue", b"200-ok", b"\xff"],
    b"Forwarded": [b"for=1;;", b"for=", b"for", b"by=a;host=b", b'for="', b"\xff"],
    b"Host": [b"evil.example", b"", b"127.0.0.1:x", b"[", b"[::1]", b"a@b", b"a:99999", b"\xff"],
    b"Max-Forwards": [b"9" * 5000, b"-1", b"x"],
    b"Origin": [b"null", b"https://[", b"http://evil.example", b"", b"\xff", b"a b"],
    b"Pragma": [b"no-cache", b"\xff"],
    b"Referer": [b"https://[", b"http://evil.example/", b"", b"\xff", b"about:blank"],
    b"User-Agent": [b"", b"\xff" * 99, b"<script>"],
    b"X-CSRF-Token": [b"", b"a" * 32, b"\xff"],
    b"X-Forwarded-For": [b"", b":80", b'"', b"unix:", b"::1, 1.2.3.4:5", b"[", b",", b"\xff"],
    b"X-Forwarded-Host": [b"evil.example", b"[", b'"'],
    b"X-Forwarded-Port": [b"x", b"9" * 5000, b"1,2"],
    b"X-Forwarded-Proto": [b"https", b"ftp", b"http, https", b'"', b""],
    b"X-Request-ID": [b"a.b", b"a b", b"x" * 999, b"\xff"],
}
URLENCODED = b"application/x-www-form-urlencoded"
FIELDS = [b"csrf_token", b"title", b"content", b"status", b"name", b"email", b"id", b"_charset_"]


def nasty(random: Random) -> bytes:
    """Return bytes that break something somewhere."""
    match random.randrange(4):
        case 0:
            return random.randbytes(random.randrange(40))
        case 1:
            return b"".join(random.choices(NASTY, k=random.randrange(1, 4)))
    return random.choice(NASTY)


def request(
    random: Random,
    method: bytes = b"GET",
    path: bytes | None = None,
    headers: list[tuple[bytes, bytes]] | None = None,
    body: bytes | None = None,
) -> bytes:
    """Return a request that is framed well."""
    found = [(b"Host", b"127.0.0.1"), *(headers or ())]
    if body is not None:
        found.append((b"Content-Length", b"%d" % len(body)))
    found.append((b"Connection", b"close"))
    lines = b"".join(b"%s: %s\r\n" % (name, clean(value)) for name, value in found)
    path = path if path is not None else random.choice(PATHS[:5])
    return b"%s %s HTTP/1.1\r\n%s\r\n%s" % (method, path, lines, body or b"")


def clean(value: bytes) -> bytes:
    """Return a header's value without what would end it."""
    return value.translate(None, b"\r\n")


def encoded(random: Random, data: bytes) -> bytes:
    """Return ``data`` percent-encoded, most of the time."""
    return quote_from_bytes(data).encode() if random.random() < 0.7 else data


def raw(random: Random) -> bytes:
    """Return a request with bytes changed, cut, or put in; or none at all."""
    data = bytearray(random.choice([headers, form, multipart, document, address])(random))
    for _ in range(random.randrange(1, 6)):
        place = random.randrange(len(data) + 1)
        end = place + random.randrange(8)
        data[place:end] = nasty(random) if random.random() < 0.5 else b""
    return bytes(data) if random.random() < 0.9 else random.randbytes(random.randrange(2000))


def framing(random: Random) -> bytes:
    """Return a request whose length is unknown or ambiguous."""
    length = random.choice(
        [b"-1", b"1, 2", b"9" * 5000, b"9" * 30, b"+1", b"", b"0x5", b"5", b"\xb2"]
    )
    size = random.choice(
        [b"5", b"ffffffffffff", b"-1", b"zz", b"", b"5;a=b", b"5;" + b"a" * 5000, b"1" * 3000]
    )
    coding = random.choice(
        [b"chunked", b"chunked, chunked", b"gzip, chunked", b"odd", b"", b"\x0bchunked"]
    )
    chunks = b"%s\r\nhello\r\n0\r\n%s\r\n" % (size, random.choice([b"", b"a: b\r\n", b"\xff" * 99]))
    lines = [b"Content-Length: " + length, b"Transfer-Encoding: " + coding, b"Content-Length: 5"]
    lines += [b" folded: a", b"a_b: c", b"no colon", b"X: a\x00b", b"X: a\nY: b"]
    head = b"\r\n".join(random.sample(lines, random.randrange(1, 4)))
    start = random.choice(
        [b"POST / HTTP/1.1", b"POST / HTTP/1.0", b"POST /", b"post / HTTP/1.1", b"A" * 9000]
    )
    return b"%s\r\nHost: 127.0.0.1\r\n%s\r\nConnection: close\r\n\r\n%s" % (start, head, chunks)


def address(random: Random) -> bytes:
    """Return a request for an odd address, by an odd method."""
    path = random.choice(PATHS).replace(b"%s", encoded(random, nasty(random)))
    path = path.translate(None, b" \r\n\t#?") or b"/"
    query = random.choice([b"", b"?" + quote_from_bytes(nasty(random)).encode(), b"?a=%00&b;c=%ff"])
    method = random.choice(METHODS) if random.random() < 0.9 else b"ODD"
    return request(random, method, path + query, body=b"" if method == b"POST" else None)


def headers(random: Random) -> bytes:
    """Return a request with headers that can't be read."""
    names = random.sample([*VALUES], random.randrange(1, 5))
    found = [
        (name, random.choice(VALUES[name]) if random.random() < 0.7 else nasty(random))
        for name in names
    ]
    return request(random, headers=found)


def form(random: Random) -> bytes:
    """Return an urlencoded form."""
    pairs = [
        b"%s=%s" % (random.choice(FIELDS), encoded(random, nasty(random)))
        for _ in range(random.choice([1, 5, 20, 1500]))
    ]
    kind = random.choice(
        [URLENCODED, URLENCODED + b"; charset=utf-16", URLENCODED + b"; charset=odd"]
    )
    return post(random, kind, b"&".join(pairs))


def post(random: Random, kind: bytes, body: bytes) -> bytes:
    """Return a POST, at times with a token and its cookie, by the names of Pyramid and Django."""
    found = [(b"Content-Type", kind)]
    if random.random() < 0.5:
        token = b"0123456789abcdef" * 2
        found += [
            (b"Cookie", b"csrf_token=" + token + b"; csrftoken=" + token),
            (b"X-CSRF-Token", token),
            (b"X-CSRFToken", token),
        ]
    return request(random, b"POST", b"/demo/posts", found, body)


def multipart(random: Random) -> bytes:
    """Return a form in parts."""
    boundary = random.choice([b"x", b"x", b"x", b"", b"a" * 300, b"\xff", b'"', b"a b"])
    return post(random, b"multipart/form-data; boundary=" + boundary, parts(random))


def parts(random: Random) -> bytes:
    """Return parts with odd headers."""
    body = b""
    for _ in range(random.choice([0, 1, 3, 8, 300])):
        name = random.choice(FIELDS)
        line = (
            random.choice(
                [
                    *(
                        b'form-data; name="%s"',
                        b'form-data; name="%s"; filename="f"',
                        b"form-data; name=%s",
                    ),
                    *(
                        b"form-data; name=\"%s\"; filename*=utf-8''%%ff",
                        b'attachment; name="%s"',
                        b"%s",
                    ),
                ]
            )
            % name
        )
        kind = random.choice(
            [
                *(
                    b"",
                    b"Content-Type: text/plain; charset=nonsense\r\n",
                    b"Content-Length: 99999\r\n",
                ),
                *(b"Content-Type: multipart/mixed; boundary=y\r\n", b"Content-Type: \xff\r\n"),
                *(b"Content-Transfer-Encoding: base64\r\n", b"X: y\r\n" * 20),
            ]
        )
        body += b"--x\r\nContent-Disposition: %s\r\n%s\r\n%s\r\n" % (line, kind, nasty(random))
    return body + random.choice([b"--x--\r\n", b"--x--", b"", b"--x"])


def document(random: Random) -> bytes:
    """Return JSON, or what is called so."""
    kind = random.choice([b"application/json", b"application/json; charset=nonsense", b"text/json"])
    body = random.choice(
        [
            lambda: json.dumps(value(random, 4)).encode(),
            lambda: b"[" * random.choice([10, 990, 1100, 20_000]),
            lambda: b'{"a":' * random.choice([10, 990, 1100, 20_000]),
            lambda: b'["\\u0000\\ud800"]',
            lambda: b"9" * 5000,
            lambda: nasty(random),
            lambda: json.dumps("é").encode(random.choice(["utf-16", "utf-32", "latin-1"])),
        ]
    )()
    return post(random, kind, body)


def value(random: Random, depth: int) -> Any:
    """Return a value for JSON."""
    match random.randrange(5 if depth else 3):
        case 0:
            return nasty(random).decode("latin-1")
        case 1:
            return random.choice([None, True, 1e308, -1, 10**400, float("nan"), "\ud800", "\0"])
        case 2:
            return random.random()
        case 3:
            return [value(random, depth - 1) for _ in range(random.randrange(4))]
    return {str(n): value(random, depth - 1) for n in range(random.randrange(4))}


def large(random: Random) -> bytes:
    """Return a request with much of the same in it."""
    size = random.choice([300_000, 2_000_000, 9_900_000])
    kind, body = random.choice(
        [
            (URLENCODED, b"a&" * (size // 2)),
            (URLENCODED, b"a=%ff&" * (size // 6)),
            (URLENCODED, b"a=" + b"%41" * (size // 3)),
            (b"multipart/form-data; boundary=x", b"--x\r\n\r\n" + b"\n" * size + b"\r\n--x--"),
            (b"multipart/form-data; boundary=x", MANY * (size // len(MANY)) + b"--x--"),
            (b"multipart/form-data; boundary=x", FILE + b"\r\n" * (size // 2) + b"\r\n--x--"),
            (b"multipart/form-data; boundary=x", b"a\r" * (size // 2)),
            (b"application/json", b"[" * size),
            (b"application/json", b"[" + b"1," * (size // 2) + b"1]"),
            (b"text/plain", b"word\n" * (size // 5)),
        ]
    )
    return post(random, kind, body)


MANY = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n'
FILE = b'--x\r\nContent-Disposition: form-data; name="a"; filename="f"\r\n\r\n'

KINDS: dict[str, tuple[int, Callable[[Random], bytes]]] = {
    "raw bytes": (100, raw),
    "broken framing": (50, framing),
    "addresses": (80, address),
    "headers": (120, headers),
    "forms": (60, form),
    "forms in parts": (60, multipart),
    "JSON": (29, document),
    "large bodies": (1, large),
}
"""How many of 500 requests are of each kind, and what makes one."""
