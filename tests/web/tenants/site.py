"""The views of an application whose rows belong to tenants."""

from collections.abc import Iterator
from io import BytesIO

from pony.orm import Required, select
from pyramid.csrf import get_csrf_token
from pyramid.response import Response

from berceau.files import files
from berceau.orm.database import GlobalDatabase
from berceau.tenancy import SHARED, Tenant
from berceau.web import file_response

database = GlobalDatabase()


class Memo(database.Entity):
    text = Required(str)


class Draft(database.Entity):
    """Only tenants have its table."""


def choose(request) -> str | Tenant | None:
    """Choose by the session, a header or the host's first part; ``shared`` is what it says."""
    if request.path_info == "/chosen":
        return request.session.get("of")
    name = request.headers.get("X-Tenant") or request.host.partition(".")[0]
    return {"shared": SHARED, "nobody": None}.get(name, name)


def texts() -> list[str]:
    return sorted(select(memo.text for memo in Memo).without_distinct())


def memos(request) -> list[str]:
    if request.method == "POST":
        Memo(text=request.POST["text"])
    return texts()


def streamed(_request) -> Response:
    def parts() -> Iterator[bytes]:
        for text in texts():
            yield f"{text}\n".encode()

    return Response(app_iter=parts())


def counted(request) -> dict[str, object]:
    request.session["count"] = request.session.get("count", 0) + 1
    return {"tenant": str(request.tenant), "count": request.session["count"]}


def enter(request) -> str | None:
    request.session["of"] = request.params["of"]
    return request.tenant and request.tenant.name


def versioned(request) -> dict[str, str]:
    request.check_preconditions(1)
    return {"of": request.tenant.name}


def failing(_request) -> None:
    texts()
    raise ValueError("out of memos")


def drafts(_request) -> int:
    return Draft.select().count()


def stored(request) -> Response:
    if request.method == "POST":
        return Response(files.save(BytesIO(f"of {request.tenant}".encode())))
    return file_response(request.params["key"], filename="memo.txt")


VIEWS = {
    "stored": (stored, {"renderer": None, "require_csrf": False}),
    "memos": (memos, {"require_csrf": False}),
    "form": (lambda request: request.session and memos(request), {"request_method": "POST"}),
    "token": (get_csrf_token, {}),
    "streamed": (streamed, {}),
    "copied": (memos, {"replica": True}),
    "counted": (counted, {}),
    "enter": (enter, {}),
    "chosen": (counted, {}),
    "failing": (failing, {}),
    "drafts": (drafts, {}),
    "versioned": (versioned, {}),
}
