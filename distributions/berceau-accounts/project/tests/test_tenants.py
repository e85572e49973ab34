"""In a project with tenants, each of them has users and mail of its own."""

import os
import subprocess
import sys
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


        def includeme(config):
            config.set_tenant_factory(lambda request: request.headers.get("X-Tenant", SHARED))
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
}


@pytest.mark.slow
def test_each_tenant_has_users_of_its_own(tmp_path: Path) -> None:
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text))
    try:
        for arguments in (
            ["invoke", "migrate", "--name", "init"],
            ["invoke", "tenant.create", "acme"],
            ["invoke", "tenant.create", "beta"],
        ):
            run(tmp_path, "-m", *arguments)
        said = run(tmp_path, "visit.py")
        assert said.count("To: ada@example.org") == 2
    finally:
        run(tmp_path, "-m", "invoke", "db.stop")


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
