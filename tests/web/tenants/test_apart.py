"""What a visitor has of one tenant, such as a session, is worthless at another."""

from berceau.files import files
from tests.web.tenants.conftest import at


def test_what_a_visitor_kept_of_one_is_no_answer_of_another(app) -> None:
    """Where a header or the session chooses the tenant, the address is the same."""
    kept = app.get("/versioned", headers={"X-Tenant": "ada"}).headers["ETag"]
    known = {"If-None-Match": kept}
    app.get("/versioned", headers={"X-Tenant": "ada", **known}, status=304)
    assert app.get("/versioned", headers={"X-Tenant": "bob", **known}).json == {"of": "bob"}


def test_a_session_of_one_is_worthless_at_another(app, built) -> None:
    here, there = {"X-Tenant": "ada"}, {"X-Tenant": "bob"}
    assert [app.get("/counted", headers=here).json["count"] for _ in range(2)] == [1, 2]
    assert app.get("/counted", headers=there).json == {"tenant": "bob", "count": 1}
    assert app.get("/counted", headers=here).json["count"] == 3
    ada, bob = (f"session_{built.tenants[name].identity}" for name in ("ada", "bob"))
    app.set_cookie(bob, app.cookies[ada])
    assert app.get("/counted", headers=there).json["count"] == 1
    app.set_cookie("session", app.cookies[ada])
    assert app.get("/counted", headers={"X-Tenant": "shared"}).json["count"] == 1


def test_a_session_that_chooses_a_tenant_is_that_one_s(app) -> None:
    assert app.get("/enter?of=ada", headers={"X-Tenant": "shared"}).json is None
    assert app.get("/chosen").json == {"tenant": "ada", "count": 1}
    assert app.get("/chosen").json == {"tenant": "ada", "count": 2}
    app.get("/enter?of=bob", headers={"X-Tenant": "shared"})
    # What was kept for one isn't seen by the other: nobody is there until the next choice.
    assert app.get("/chosen").json == {"tenant": "None", "count": 1}


def test_a_token_of_one_is_worthless_at_another(app) -> None:
    here, there = {"X-Tenant": "ada"}, {"X-Tenant": "bob"}
    token = app.get("/token", headers=here).json
    sent = {"csrf_token": token, "text": "x"}
    app.post("/form", sent, headers=here)
    app.post("/form", sent, headers=there, status=400)
    app.set_cookie("csrf_token", token)
    app.post("/form", sent, headers=there, status=400)


def test_what_was_kept_of_one_that_was_dropped_is_worthless_at_the_next_of_its_name(
    app, place
) -> None:
    here = {"X-Tenant": "ada"}
    app.get("/enter?of=ada", headers={"X-Tenant": "shared"})
    assert app.get("/chosen").json == {"tenant": "ada", "count": 1}
    assert app.get("/counted", headers=here).json["count"] == 1
    token = app.get("/token", headers=here).json
    kept = app.get("/versioned", headers=here).headers["ETag"]
    old = place.tenants["ada"].identity
    new = place.replace("ada").identity
    assert app.get("/chosen").json == {"tenant": "None", "count": 1}
    app.post("/form", {"csrf_token": token, "text": "x"}, headers=here, status=400)
    # A visitor may call cookies what they like.
    app.set_cookie(f"session_{new}", app.cookies[f"session_{old}"])
    assert app.get("/counted", headers=here).json["count"] == 1
    assert app.get("/versioned", headers={**here, "If-None-Match": kept}).json == {"of": "ada"}


def test_a_file_of_one_is_not_found_at_another(app) -> None:
    with files.in_memory():
        key = app.post("/stored", extra_environ=at("ada")).text
        assert app.get(f"/stored?key={key}", extra_environ=at("ada")).text == "of ada"
        part = {"Range": "bytes=3-5"}
        assert app.get(f"/stored?key={key}", headers=part, extra_environ=at("ada")).text == "ada"
        for other in ("bob", "shared"):
            app.get(f"/stored?key={key}", extra_environ=at(other), status=404)
