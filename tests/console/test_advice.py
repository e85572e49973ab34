"""The page of advice, with an answer as ``invoke advise`` gives it."""

from datetime import UTC, datetime
from pathlib import Path

from berceau.console.pages.advice import KEPT, Kept
from berceau.diagnostic import Diagnostic
from berceau.planner.plan import Node
from berceau.planner.statistics import QueryStatistics, Statistics
from berceau.workflows.advise.advising import Slow
from berceau.workflows.advise.choosing import Planned
from berceau.workflows.advise.findings import Report
from berceau.workflows.advise.found import Found
from berceau.workflows.advise.project import Answer
from berceau.workflows.advise.sources import Source

QUERY = "SELECT '<b>' FROM demo_post WHERE lower(title) = $1"


def answer() -> Answer:
    found = Diagnostic("A101", "An index would help.", "Add it.", level="warning")
    sql = "CREATE INDEX CONCURRENTLY a ON demo_post (lower(title));"
    plans = ((QUERY, "Seq Scan <1>", "Index Scan <1>"), (QUERY, "Seq Scan <2>", "Index Scan <2>"))
    finding = Found(found, "demo_post (lower(title))", sql=sql, plans=plans)
    query = QueryStatistics(QUERY, 10, 1.0, 10)
    plan = Node("Seq Scan", 0, 100, 1, 8, "demo_post", "demo_post")
    slow = Slow(Planned(query, QUERY, plan), ("all of demo_post is read",), 0.5)
    report = Report((finding,), (slow,), (), (), ("a note",))
    return Answer(report, Source("a test", (query,)), Statistics(180000, "public"), Path("a"), "a")


def test_findings_are_shown_with_their_sql_and_all_plans(console) -> None:
    console.app.registry[KEPT] = Kept(datetime.now(UTC), answer())
    page = console.get("/berceau/advice").html
    (shown,) = page.select("ol.asked")[0].find_all("li", recursive=False)
    assert "An index would help." in shown.text
    assert "CREATE INDEX CONCURRENTLY a ON demo_post" in shown.text
    labels = [each["aria-label"] for each in shown.select("details pre")]
    assert len(labels) == len(set(labels)) == 6
    assert [each.text for each in shown.select("details .columns pre")] == [
        *("Seq Scan <1>", "Index Scan <1>", "Seq Scan <2>", "Index Scan <2>"),
    ]
    assert shown.select_one("details pre").text == QUERY
    assert "50 %" in page.text
    assert "all of demo_post is read" in page.text
