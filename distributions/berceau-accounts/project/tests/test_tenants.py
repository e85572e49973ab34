"""In a project with tenants, each of them has users and mail of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

FILES = {
    "development.ini": """
        [app:main]
        use = egg:berceau#main
        berceau.root = %(here)s
        berceau.development = true
        berceau.tenants = schema
    """,
    "tasks.py": "from berceau.tasks import namespace",
    "components/__init__.py": "",
    "components/whose/__init__.py": """
        from berceau.orm import SHARED
        from berceau_accounts import SIGNED_IN


        def choose(request):
            assert request.identity is None  # before its tenant is known
            return request.headers.get("X-Tenant", SHARED)


        def includeme(config):
            config.set_tenant_factory(choose)
            config.add_route("whose", "/whose")
            config.add_view(lambda _: "yours", route_name="whose", renderer="string",
                            permission=SIGNED_IN)
    """,
    "visit.py": """
        from pyramid.paster import get_app
        from webtest import TestApp

        app = TestApp(get_app("development.ini"))
        sign_up = {"email": "ada@example.org", "password": "analytical engine 1843"}
        token = {**sign_up, "name": "x"}
        for tenant in ("acme", "beta"):
            headers = {"X-Tenant": tenant}
            app.post_json("/accounts/api/sign-up", sign_up, headers=headers, status=202)
            app.post_json("/accounts/api/tokens", token, headers=headers, status=401)
        app.get("/")
    """,
    "visit_known.py": """
        from berceau_accounts.api_tokens import create_token
        from berceau_accounts.entities import User
        from pyramid.paster import get_app
        from webtest import TestApp

        from berceau.orm import unit_of_work

        app = TestApp(get_app("development.ini"))
        with unit_of_work(tenant="acme"):
            user = User(email="bob@example.org", password_hash="x")
            bearer = {"Authorization": "Bearer " + create_token(user, "x", 1)[1]}
        assert app.get("/whose", headers={**bearer, "X-Tenant": "acme"}).text == "yours"
        app.get("/whose", headers={**bearer, "X-Tenant": "beta"}, status=401)
    """,
    "visit_shared.py": """
        from pyramid.paster import get_app
        from webtest import TestApp

        from berceau_accounts.routes import API, PAGES

        app = TestApp(get_app("development.ini"))
        sign_up = {"email": "ada@example.org", "password": "analytical engine 1843"}
        bearer = {"Authorization": "Bearer acc_1"}
        browser = {"Accept": "text/html"}
        for pattern in (PAGES | API).values():
            path = pattern.replace("{id}", "123e4567-e89b-12d3-a456-426614174000")
            app.get(path, headers=browser, status="40[45]*")
            for headers in ({}, bearer):
                app.get(f"{path}?token=x", headers=headers, status="40[45]*")
                app.post_json(path, sign_up, headers=headers, status="40[45]*")
                app.post(path, sign_up, headers=headers, status="40[45]*")
                app.delete(path, headers=headers, status="40[45]*")
        for headers in ({}, bearer, browser):
            app.get("/whose", headers=headers, status=401)
        assert not app.get("/", headers=browser).html.select("nav a")
    """,
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project with accounts and two tenants."""
    root = tmp_path_factory.mktemp("project")
    for name, text in FILES.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text))
    try:
        for arguments in (
            ["invoke", "migrate", "--name", "init"],
            ["invoke", "tenant.create", "acme"],
            ["invoke", "tenant.create", "beta"],
        ):
            run(root, "-m", *arguments)
        yield root
    finally:
        run(root, "-m", "invoke", "db.stop")


@pytest.mark.slow
def test_each_tenant_has_users_of_its_own(place: Path) -> None:
    said = run(place, "visit.py")
    assert said.count("To: ada@example.org") == 2


@pytest.mark.slow
def test_a_user_is_known_though_the_choice_of_the_tenant_asked_who_it_is(place: Path) -> None:
    run(place, "visit_known.py")


@pytest.mark.slow
def test_shared_pages_have_no_accounts_and_know_no_user(place: Path) -> None:
    run(place, "visit_shared.py")


def run(root: Path, *arguments: str) -> str:
    """Run Python in the project; return all that it says."""
    environ = {name: text for name, text in os.environ.items() if "DATABASE_URL" not in name}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=root,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout
