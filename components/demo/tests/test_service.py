"""What the demo can do, on a real database."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, local
from typing import Any
from uuid import UUID, uuid4

import pytest

from berceau.orm import unit_of_work
from components.demo import service
from components.demo.entities import DemoPost, DemoPostStatus, DemoUser
from components.demo.paging import PAGE, Place


def test_the_newest_post_comes_first(write) -> None:
    for title in ("first", "second", "third"):
        write(title=title)
    with unit_of_work():
        assert [post.title for post in service.list_posts()] == ["third", "second", "first"]
        assert [post.title for post in service.list_posts(limit=2)] == ["third", "second"]


def test_listing_takes_as_many_queries_for_many_authors_as_for_one(db, write) -> None:
    def queries() -> int:
        with unit_of_work():
            before = db.local_stats[None].db_count
            assert all(post.author and post.content for post in service.list_posts())
            return db.local_stats[None].db_count - before

    write()
    for_one = queries()
    for number in range(10):
        write(name=f"Author {number}", email=f"{number}@example.org")
    assert queries() == for_one


@pytest.fixture
def plans(db, monkeypatch) -> list[str]:
    """The plan of each query that is run meanwhile, as a text."""
    plans = []
    run = db._exec_sql

    def explain(sql, arguments=None, *rest) -> Any:
        if sql.startswith("SELECT"):
            plans.append("\n".join(line for (line,) in run(f"EXPLAIN {sql}", arguments)))
        return run(sql, arguments, *rest)

    monkeypatch.setattr(db, "_exec_sql", explain)
    return plans


@pytest.fixture
def many_posts(db, write) -> Place:
    """20,000 posts, one a minute; returns the place in their middle."""
    write()
    with unit_of_work():
        db.execute(
            "INSERT INTO demo_post"
            " SELECT gen_random_uuid(), 'A title', repeat('text ', 30), 'DRAFT', author,"
            " created_at - n * interval '1 minute', updated_at"
            " FROM demo_post, generate_series(1, 20000) n"
        )
        (newest,) = service.list_posts(1)
    return Place(newest.created_at - timedelta(minutes=10_000), UUID(int=0))


@pytest.mark.parametrize("name", ["before", "after", None])
def test_a_page_of_many_posts_reads_no_more_than_it_shows(many_posts, plans, name) -> None:
    with unit_of_work():
        page = service.list_page(**({name: many_posts} if name else {}))
    assert len(page.posts) == PAGE
    (plan,) = plans
    assert "demo_post_created_at_id_idx" in plan
    assert ("Index Cond: (created_at" in plan) == (name is not None), plan
    assert "Sort" not in plan
    assert "Seq Scan on demo_post" not in plan


def test_a_post_finds_its_author_by_email_however_it_is_spelled(write) -> None:
    write(name="Ada", email="ada@example.org")
    write(name="Countess", email="ADA@Example.org")
    with unit_of_work():
        (author,) = DemoUser.select()
        assert author.name == "Ada"
        assert author.posts.count() == 2


def test_a_new_author_can_not_take_the_name_of_another(write) -> None:
    write(name="Ada", email="ada@example.org")
    with pytest.raises(service.NameTakenError):
        write(name="Ada", email="other@example.org")
    with unit_of_work():
        assert DemoPost.select().count() == 1


@pytest.fixture
def write_at_once(write, monkeypatch) -> Callable[..., list[Callable[[], BaseException | None]]]:
    """Return a function that writes posts in one thread each; all look before any writes."""
    look = service._author

    def write_at_once(*posts) -> list[Callable[[], BaseException | None]]:
        all_looked, here = Barrier(len(posts)), local()

        def look_and_wait(name, email) -> DemoUser | None:
            author = look(name, email)
            if not hasattr(here, "looked"):
                here.looked = True
                all_looked.wait(timeout=10)
            return author

        monkeypatch.setattr(service, "_author", look_and_wait)
        with ThreadPoolExecutor(len(posts)) as pool:
            return [pool.submit(write, **post).exception for post in posts]

    return write_at_once


def test_two_first_posts_of_an_author_at_once_are_both_kept(write_at_once) -> None:
    errors = write_at_once({"title": "one"}, {"title": "two"})
    assert [error() for error in errors] == [None, None]
    with unit_of_work():
        assert {post.title for post in service.list_posts()} == {"one", "two"}
        assert DemoUser.select().count() == 1


def test_an_author_who_was_added_between_both_looks_is_found(write, monkeypatch) -> None:
    class Interrupted:
        def get(self, **by) -> DemoUser | None:
            found = DemoUser.get(**by)
            monkeypatch.setattr(service, "DemoUser", DemoUser)
            with ThreadPoolExecutor(1) as other:
                other.submit(write, title="one").result()
            return found

    monkeypatch.setattr(service, "DemoUser", Interrupted())
    write(title="two")
    with unit_of_work():
        assert {post.title for post in service.list_posts()} == {"one", "two"}
        assert DemoUser.select().count() == 1


def test_of_two_new_authors_with_one_name_at_once_one_is_told(write_at_once) -> None:
    errors = write_at_once({"email": "ada@example.org"}, {"email": "other@example.org"})
    assert {type(error()) for error in errors} == {type(None), service.NameTakenError}
    with unit_of_work():
        assert DemoUser.select().count() == 1


def test_deleting_tells_whether_there_was_something_to_delete(write) -> None:
    write()
    with unit_of_work():
        (post,) = service.list_posts()
        assert service.delete_post(post.id)
    with unit_of_work():
        assert service.list_posts() == []
        assert not service.delete_post(uuid4())


def test_deleting_an_author_deletes_the_posts(write) -> None:
    write()
    with unit_of_work():
        DemoUser.select(lambda user: user.name == "Ada").delete()
    with unit_of_work():
        assert DemoPost.select().count() == 0


def test_the_overview_counts_and_shows_the_latest(write) -> None:
    write(title="old", status=DemoPostStatus.PUBLISHED)
    write(title="new", status=DemoPostStatus.DRAFT, name="Bo", email="bo@example.org")
    with unit_of_work():
        seen = service.overview(latest=1)
        assert seen.authors == 2
        assert dict(seen.posts) == {"DRAFT": 1, "PUBLISHED": 1, "ARCHIVED": 0}
        assert [post.title for post in seen.latest] == ["new"]


def test_a_change_is_noted_with_its_time(write) -> None:
    write()
    with unit_of_work():
        (post,) = DemoPost.select()
        created, before = post.created_at, post.updated_at
        post.title = "Changed"
    with unit_of_work():
        (post,) = DemoPost.select()
        assert post.updated_at > before
        assert post.created_at == created
        assert post.created_at.utcoffset() == timedelta(0)
