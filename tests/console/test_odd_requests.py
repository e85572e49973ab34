"""Odd requests for rows: whatever is asked and posted, the answer is a page or a refusal."""

from random import Random
from urllib.parse import quote, urlencode

import pytest

from berceau.orm import unit_of_work
from components.demo.entities import DemoPost, DemoUser

ODD = (
    *("", "'", '"', "%", "%s", "\\", "\0", "\ud800", "🦄", "1", "-1", "9" * 30, "NaN", "infinity"),
    *("null", "title", "author", "created_at", "id", "posts", "status", "content", "equals"),
    *("contains", "has", "less", "missing", "begins", "2026-01-01", "0001-01-01 BC", "{", "[]"),
    *("a,b", "../..", "<b>", "-title", "--title", "WyIiXQ", "x" * 3000, "PUBLISHED", "spreadsheet"),
)
NAMES = (
    *("where", "is", "value", "sort", "column", "after", "q", "for", "seen", "set", "other", "do"),
    *("f.title", "f.content", "f.author", "f.created_at", "f.created_at.zone", "f.id", "f.name"),
    *("f.email", "f.status", "f.status.null", "f.title.was"),
)
PAGES = ("", "/csv", "/suggest", "/new", "/object", "/edit", "/delete", "/link")
FORMS = PAGES[3:]


def as_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_no_request_for_rows_fails(console, seed: int) -> None:
    with unit_of_work():
        ada = DemoUser(name="Ada", email="ada@example.org")
        keys = [str(ada.id), str(DemoPost(title="One", content="c", author=ada).id)]
    token = console.get("/berceau/rows/DemoUser/new").forms[1]["csrf_token"].value
    choose = Random(seed)  # the same requests in each run
    answers = set()
    for _ in range(100):
        fields = [
            (choose.choice(NAMES), as_bytes(choose.choice((*ODD, *keys))))
            for _ in range(choose.randint(0, 6))
        ]
        name = choose.choice(("DemoPost", "DemoUser", "DemoUser", quote(ODD[2])))
        page = choose.choice(PAGES)
        path = f"/berceau/rows/{name}{page}?key={choose.choice((*keys, '1', '%00', ''))}"
        if page in FORMS and choose.random() < 0.5:
            body = urlencode([("csrf_token", token), *fields])
            answer = console.post(path, body, status="*")
        else:
            answer = console.get(f"{path}&{urlencode(fields)}", status="*")
        assert answer.status_int < 500, (path, fields)
        answers.add(answer.status_int)
    assert answers >= {200, 404, 422}
