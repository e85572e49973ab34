"""Plans in a clone without rows, beside those of the source that it was made of.

Run: python benchmarks/plans.py [--scale 1] [--tables 100] [--rows 10000000]
20 queries over 8 tables of up to 5 million rows: how many plans are equal, and how far costs are
off, for a clone made of a file with values, and of one without. Then 20 indexes that the source
doesn't have: estimated in the clone, and made in the source. Then what a clone of many large
tables takes.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from berceau.planner.plan import Node, from_json
from berceau.planner.privacy import Privacy
from berceau.planner.statistics import (
    ColumnStatistics,
    IndexStatistics,
    Size,
    Statistics,
    TableStatistics,
)
from berceau.planner.statistics_file import from_text, to_text
from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.core.fetch import execute, fetch_value
from berceau.postgres.statistics.explaining import PlanReader
from berceau.postgres.statistics.reading import read
from berceau.settings import Settings, load
from berceau.workflows.advise.clone import planning
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.deploy import deploy
from berceau.workflows.shared.databases import embedded_server, resolve_databases

TABLES = """
CREATE TABLE forum (id int PRIMARY KEY, title text NOT NULL, hidden boolean NOT NULL);
CREATE TABLE person (
    id int PRIMARY KEY, email text NOT NULL UNIQUE, country text, joined timestamptz NOT NULL);
CREATE INDEX person_lower_idx ON person (lower(email));
CREATE INDEX person_joined_idx ON person (joined);
CREATE TABLE post (
    id int PRIMARY KEY, author int NOT NULL REFERENCES person, forum int NOT NULL REFERENCES forum,
    title text NOT NULL, state text NOT NULL, published timestamptz, score int NOT NULL,
    tags text[] NOT NULL);
CREATE INDEX post_author_idx ON post (author);
CREATE INDEX post_forum_idx ON post (forum, published DESC);
CREATE INDEX post_draft_idx ON post (author) WHERE state = 'draft';
CREATE INDEX post_tags_idx ON post USING gin (tags);
CREATE TABLE comment (
    id bigint PRIMARY KEY, post int NOT NULL REFERENCES post, author int NOT NULL REFERENCES person,
    at timestamptz NOT NULL, words int NOT NULL);
CREATE INDEX comment_post_idx ON comment (post, at);
CREATE TABLE tag (id int PRIMARY KEY, name text NOT NULL UNIQUE);
CREATE TABLE post_tag (
    post int NOT NULL REFERENCES post, tag int NOT NULL REFERENCES tag, PRIMARY KEY (post, tag));
CREATE INDEX post_tag_tag_idx ON post_tag (tag);
CREATE TABLE vote (
    person int NOT NULL REFERENCES person, post int NOT NULL REFERENCES post, up boolean NOT NULL,
    PRIMARY KEY (person, post));
CREATE INDEX vote_post_idx ON vote (post);
CREATE TABLE event (
    id bigint PRIMARY KEY, person int, kind text NOT NULL, at timestamptz NOT NULL, data jsonb);
CREATE INDEX event_at_idx ON event USING brin (at);
CREATE INDEX event_data_idx ON event USING gin (data);
"""
FILL = """
INSERT INTO forum SELECT i, 'forum ' || i, i % 10 = 0 FROM generate_series(1, 200) i;
INSERT INTO person SELECT i, 'person' || i || '@example.org',
    (ARRAY['fr', 'de', 'es', 'it', NULL])[1 + (random() ^ 2 * 4.99)::int % 5],
    timestamptz '2020-01-01' + random() * interval '6 years'
    FROM generate_series(1, {person}) i;
INSERT INTO post SELECT i, 1 + ({person} - 1) * random() ^ 3, 1 + 199 * random() ^ 2,
    md5(i::text), (ARRAY['published', 'published', 'published', 'draft', 'gone'])[1 + i % 5],
    CASE WHEN i % 7 > 0 THEN timestamptz '2021-01-01' + i * interval '2 min' END,
    (random() * 1000)::int, ARRAY['tag' || i % 5000, 'tag' || (i * 7) % 300]
    FROM generate_series(1, {post}) i;
INSERT INTO comment SELECT i, 1 + ({post} - 1) * random(), 1 + ({person} - 1) * random() ^ 2,
    timestamptz '2021-01-01' + i * interval '25 s', (random() * 200)::int
    FROM generate_series(1, {comment}) i;
INSERT INTO tag SELECT i, 'tag' || i FROM generate_series(1, 5000) i;
INSERT INTO post_tag SELECT DISTINCT 1 + (i % {post}), 1 + (4999 * random() ^ 2)::int
    FROM generate_series(1, {post_tag}) i;
INSERT INTO vote SELECT DISTINCT 1 + (({person} - 1) * random())::int,
    1 + (({post} - 1) * random() ^ 2)::int, random() < 0.8 FROM generate_series(1, {vote})
    ON CONFLICT DO NOTHING;
INSERT INTO event SELECT i, CASE WHEN i % 3 > 0 THEN 1 + i % {person} END,
    (ARRAY['view', 'click', 'buy'])[1 + (random() ^ 3 * 2.99)::int % 3],
    timestamptz '2026-01-01' + i * interval '5 s', jsonb_build_object('page', i % 1000)
    FROM generate_series(1, {event}) i;
"""
ROWS = {
    **{"person": 200_000, "post": 1_000_000, "comment": 5_000_000},
    **{"post_tag": 3_000_000, "vote": 2_000_000, "event": 1_000_000},
}
# ruff: noqa: E501 - a query or an index on each line
QUERIES = """
SELECT * FROM post WHERE id = 4711
SELECT * FROM person WHERE lower(email) = 'person7@example.org'
SELECT * FROM post WHERE author = 77 ORDER BY published DESC LIMIT 10
SELECT * FROM post WHERE state = 'draft' AND author = 5
SELECT * FROM post WHERE forum = 3 AND published < '2022-01-01' ORDER BY published DESC LIMIT 20
SELECT p.id, count(*) FROM post p JOIN comment c ON c.post = p.id WHERE p.author = 12 GROUP BY p.id
SELECT * FROM post p JOIN person a ON a.id = p.author JOIN forum f ON f.id = p.forum WHERE f.hidden AND p.score > 990
SELECT * FROM post WHERE tags @> ARRAY['tag42']
SELECT country, count(*) FROM person GROUP BY country ORDER BY 2 DESC
SELECT * FROM person a WHERE NOT EXISTS (SELECT FROM post p WHERE p.author = a.id)
SELECT t.name, count(*) FROM tag t JOIN post_tag pt ON pt.tag = t.id GROUP BY t.name ORDER BY 2 DESC LIMIT 10
SELECT * FROM comment WHERE post = 99 ORDER BY at LIMIT 50
SELECT * FROM comment WHERE author = 4 AND words > 190
SELECT * FROM event WHERE at BETWEEN '2026-01-05' AND '2026-01-06'
SELECT * FROM event WHERE data @> '{"page": 7}' AND kind = 'buy'
SELECT max(published) FROM post WHERE forum = 9
SELECT * FROM vote v JOIN post p ON p.id = v.post WHERE v.person = 31 AND NOT v.up
SELECT a.id FROM person a JOIN post p ON p.author = a.id JOIN vote v ON v.post = p.id WHERE a.country = 'fr' AND a.joined > '2025-12-01' GROUP BY a.id ORDER BY count(*) DESC LIMIT 5
SELECT * FROM post ORDER BY score DESC LIMIT 10
SELECT * FROM person WHERE joined >= '2025-12-30' OR email LIKE 'person99%'
""".strip().splitlines()
CANDIDATES = """
CREATE INDEX candidate ON post (score)|SELECT * FROM post ORDER BY score DESC LIMIT 10
CREATE INDEX candidate ON post (state)|SELECT count(*) FROM post WHERE state = 'gone'
CREATE INDEX candidate ON post (author, published)|SELECT * FROM post WHERE author = 77 ORDER BY published DESC LIMIT 10
CREATE INDEX candidate ON post (published)|SELECT * FROM post WHERE published > '2024-10-01' ORDER BY published
CREATE INDEX candidate ON post (title)|SELECT * FROM post WHERE title = 'x'
CREATE INDEX candidate ON post (forum, score)|SELECT * FROM post WHERE forum = 3 AND score = 17
CREATE INDEX candidate ON post (score) WHERE state = 'draft'|SELECT * FROM post WHERE state = 'draft' AND score > 995
CREATE INDEX candidate ON post (forum) INCLUDE (score)|SELECT sum(score) FROM post WHERE forum = 150
CREATE INDEX candidate ON comment (author)|SELECT * FROM comment WHERE author = 4
CREATE INDEX candidate ON comment (author, words)|SELECT * FROM comment WHERE author = 4 AND words > 190
CREATE INDEX candidate ON comment (at)|SELECT * FROM comment WHERE at > '2024-12-18' ORDER BY at LIMIT 100
CREATE INDEX candidate ON comment (words)|SELECT count(*) FROM comment WHERE words = 7
CREATE INDEX candidate ON person (country)|SELECT count(*) FROM person WHERE country = 'it'
CREATE INDEX candidate ON person (country, joined)|SELECT * FROM person WHERE country = 'fr' AND joined > '2025-12-20'
CREATE INDEX candidate ON person (email text_pattern_ops)|SELECT * FROM person WHERE email LIKE 'person99%'
CREATE INDEX candidate ON event (person)|SELECT * FROM event WHERE person = 17
CREATE INDEX candidate ON event (kind)|SELECT count(*) FROM event WHERE kind = 'buy'
CREATE INDEX candidate ON event (kind, at)|SELECT * FROM event WHERE kind = 'buy' ORDER BY at DESC LIMIT 20
CREATE INDEX candidate ON vote (post) WHERE NOT up|SELECT * FROM vote WHERE post = 3 AND NOT up
CREATE INDEX candidate ON post (lower(title))|SELECT * FROM post WHERE lower(title) = 'x'
""".strip().splitlines()


@contextmanager
def project(sql: str) -> Iterator[Settings]:
    """Make a project whose one migration is ``sql``, with a migrated server of its own."""
    with tempfile.TemporaryDirectory(prefix="berceau-plans-") as folder:
        root = Path(folder)
        root.chmod(0o755)
        migration = root / "migrations" / "20260101000000_init"
        migration.mkdir(parents=True)
        (migration / "migration.sql").write_text(sql)
        (root / "migrations" / "HEAD").write_text("20260101000000_init\n")
        settings = load(root)
        url = resolve_databases(settings).migration_url
        try:
            deploy(url, migration_directory.read(settings.migrations))
            yield settings
        finally:
            embedded_server(settings).stop()


def explained(connection: Connection, query: str) -> Node:
    """Return the plan of the source itself."""
    found = fetch_value(connection, f"EXPLAIN (FORMAT JSON, VERBOSE) {query}")
    return from_json(found[0])


def compare(source: dict[str, Node], plans: PlanReader) -> tuple[int, float]:
    """Print which plans differ; return how many are equal, and the largest difference of a cost."""
    equal, off = 0, 0.0
    for query, expected in source.items():
        found = plans.plan(query)
        if found.structure == expected.structure:
            equal += 1
            off = max(off, abs(found.cost / expected.cost - 1))
        else:
            print(f"  differs: {query}\n{expected}\n{found}")
    return equal, off


def main() -> None:
    """Measure all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--tables", type=int, default=100)
    parser.add_argument("--rows", type=int, default=10_000_000)
    options = parser.parse_args()
    rows = {name: int(count * options.scale) for name, count in ROWS.items()}
    with project(TABLES) as settings:
        server = embedded_server(settings)
        with connect(server.admin_url("berceau"), autocommit=True) as source:
            execute(source, "ALTER SYSTEM SET fsync = off")
            execute(source, "SELECT pg_reload_conf(), setseed(0.5)")
            started = time.perf_counter()
            execute(source, FILL.format(**rows))
            execute(source, "CREATE EXTENSION pageinspect")
            execute(source, "VACUUM (ANALYZE)")
            size = fetch_value(source, "SELECT pg_database_size('berceau') / 1024 / 1024")
            print(f"source: {size} MB, filled in {time.perf_counter() - started:.0f} s")
        with connect(server.admin_url("berceau"), autocommit=True) as source:
            expected = {query: explained(source, query) for query in QUERIES}
            for privacy in (Privacy(public=("*",)), Privacy(), None):
                show_plans(settings, source, expected, privacy)
            show_candidates(settings, source)
    show_size(options.tables, options.rows)


def show_plans(
    settings: Settings, source: Connection, expected: dict[str, Node], privacy: Privacy | None
) -> None:
    """Print how many plans of a clone, made of a file with such values, are those expected."""
    text = to_text(read(source, "public", privacy).statistics)
    started = time.perf_counter()
    with planning(settings, from_text(text)) as (plans, made):
        seconds = time.perf_counter() - started
        equal, off = compare(expected, plans)
        disk = fetch_value(source, "SELECT pg_database_size(%s)", (made.url.database,))
    print(
        f"{privacy}: {equal} of {len(expected)} plans equal, costs at most {off:.2%} off; file "
        f"{len(text) // 1024} kB; clone {seconds:.1f} s, {disk / 2**20:.0f} MB as PostgreSQL counts"
    )


def show_candidates(settings: Settings, source: Connection) -> None:
    """Print how the plans of indexes tried in the clone compare with those of real ones."""
    found = read(source, "public", Privacy(public=("*",))).statistics
    equal, off = 0, []
    pairs = [line.split("|") for line in CANDIDATES]
    names = [f"candidate_{n}" for n in range(len(pairs))]
    given = {
        name: index.replace("candidate", name)
        for name, (index, _) in zip(names, pairs, strict=True)
    }
    with planning(settings, found, given) as (plans, _):
        for name, (_, query) in zip(names, pairs, strict=True):
            tried = plans.plan(query, [name])
            execute(source, given[name])
            real = explained(source, query)
            execute(source, f"DROP INDEX {name}")
            if tried.structure == real.structure:
                equal += 1
                off.append(abs(tried.cost / real.cost - 1))
            else:
                print(f"  differs: {given[name]}\n{query}\n{real}\n{tried}")
    print(
        f"candidates: {equal} of {len(CANDIDATES)} plans as with the real index; costs off by "
        f"{statistics.median(off):.2%} in the median, {max(off):.2%} at most"
    )


def show_size(tables: int, rows: int) -> None:
    """Print what a clone of so many tables with so many rows each takes."""
    columns = ("id", "a", "b", "c", "d")
    sql = "\n".join(
        f"CREATE TABLE t{n} (id bigint PRIMARY KEY, a int, b int, c text, d timestamptz);"
        f"CREATE INDEX t{n}_a_idx ON t{n} (a); CREATE INDEX t{n}_b_idx ON t{n} (b, d);"
        for n in range(tables)
    )
    pages = rows // 100
    known = tuple(ColumnStatistics(name, 0.0, 8, -0.5, 0.1) for name in columns)

    def table(name: str) -> TableStatistics:
        indexes = (f"{name}_a_idx", f"{name}_b_idx", f"{name}_pkey")
        index = Size(pages // 4, rows, pages // 4)
        return TableStatistics(
            name,
            Size(pages, rows, pages, pages),
            known,
            tuple(IndexStatistics(each, index, 2) for each in indexes),
        )

    given = Statistics(180006, "public", tables=tuple(table(f"t{n}") for n in range(tables)))
    with project(sql) as settings:
        data = embedded_server(settings).folder.resolve()
        before = used(data)
        started = time.perf_counter()
        with planning(settings, given) as (plans, _):
            seconds = time.perf_counter() - started
            plan = plans.plan("SELECT * FROM t0 WHERE a = 1")
        looks = tables * (pages + 3 * (pages // 4)) * 8192 / 2**30
        print(
            f"{tables} tables of {rows:,} rows ({looks:,.0f} GB): {seconds:.1f} s, "
            f"{(used(data) - before) / 2**20:.0f} MB on disk\n{plan}"
        )


def used(folder: Path) -> int:
    """Return how many bytes the files in ``folder`` take on disk."""
    files = (file for file in folder.rglob("base/**/*") if file.is_file())
    return sum(file.stat().st_blocks * 512 for file in files)


if __name__ == "__main__":
    main()
