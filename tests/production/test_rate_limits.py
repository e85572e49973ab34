"""A limit holds for all processes that serve the application, together."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from textwrap import dedent

import pytest

FILES = {
    "entities.py": """
        from datetime import datetime

        from pony.orm import PrimaryKey, Required

        from berceau.orm import db


        class RequestCount(db.Entity):
            key = PrimaryKey(str, 64)
            expires_at = Required(datetime, index=True)
    """,
    "__init__.py": """
        from pyramid.view import view_config

        from .entities import RequestCount


        def includeme(config):
            config.add_route("limited", "/api/limited")
            config.token_api(prefix="/api")
            config.limit_rate("30/hour", "/api", counts=RequestCount)


        @view_config(route_name="limited", renderer="json")
        def limited(request):
            return "ok"
    """,
}


@pytest.mark.slow
def test_two_processes_admit_no_more_than_one(connected, serve) -> None:
    for name, text in FILES.items():
        file = connected.root / "components" / "limited" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text))
    connected.succeed("migrate")
    servers = [serve(), serve()]

    def ask(number: int) -> tuple[int, str]:
        return servers[number % 2].request("/api/limited")

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(80)))
    assert Counter(status for status, _ in answers) == {200: 30, 429: 50}
    assert all('"status": 429' in text for status, text in answers if status == 429)
