"""The demo's page of posts on Pyramid with SQLAlchemy: ``sqlalchemy_page.py URL PORT ROOT``."""

import enum
import sys
import uuid
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from chameleon import PageTemplateFile
from pyramid.config import Configurator
from pyramid.csrf import SessionCSRFStoragePolicy
from pyramid.request import Request
from pyramid.session import SignedCookieSessionFactory
from sqlalchemy import Enum, ForeignKey, create_engine, select
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    relationship,
    sessionmaker,
)
from waitress import serve

FORM = SimpleNamespace(
    title="", content="", status="DRAFT", name="", email="", errors={}, state=lambda _: {}
)


class Status(enum.StrEnum):
    """How far a post has come."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    ARCHIVED = "ARCHIVED"


class Base(DeclarativeBase):
    """What the models share."""


class User(Base):
    """An author of the demo's."""

    __tablename__ = "demo_user"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name: Mapped[str]


class Post(Base):
    """A post of the demo's."""

    __tablename__ = "demo_post"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    title: Mapped[str]
    content: Mapped[str]
    status: Mapped[Status] = mapped_column(Enum(Status, name="demo_post_status"))
    author_id: Mapped[uuid.UUID] = mapped_column("author", ForeignKey("demo_user.id"))
    author: Mapped[User] = relationship()
    created_at: Mapped[datetime]


class Templates:
    """The demo's own templates, so that both render the same page."""

    def __init__(self, root: Path) -> None:
        self.layout = PageTemplateFile(str(root / "berceau/web/templates/layout.pt"))
        self.page = PageTemplateFile(str(root / "components/demo/templates/posts.pt"))

    def __call__(self, _info: Any) -> Any:
        """Return the renderer."""
        return lambda value, system: self.page(**{**system, "layout": self.layout, **value})


def posts(request: Request) -> dict[str, Any]:
    """Show the newest posts with their authors."""
    shown = (Post.id, Post.title, Post.content, Post.status, User.name.label("author"))
    order = (Post.created_at.desc(), Post.id.desc())
    newest = select(*shown, Post.created_at).join(Post.author).order_by(*order)
    page = SimpleNamespace(posts=request.db.execute(newest).all(), newer=False, older=False)
    return {"page": page, "where": {}, "form": FORM, "statuses": list(Status)}


def main(url: str, port: str, root: str) -> None:
    """Serve the page on waitress."""
    host, server_port = (parse_qs(urlsplit(url).query)[name][0] for name in ("host", "port"))
    parts = urlsplit(url)
    engine = create_engine(
        f"postgresql+psycopg2://{parts.username}@/{parts.path[1:]}?host={host}&port={server_port}",
        pool_size=4,
    )
    make = sessionmaker(engine)

    def session(request: Request) -> Session:
        opened: Session = make()
        request.add_finished_callback(lambda _: opened.close())
        return opened

    config = Configurator(session_factory=SignedCookieSessionFactory("a benchmark's"))
    config.set_csrf_storage_policy(SessionCSRFStoragePolicy())
    config.set_default_csrf_options(require_csrf=True)
    config.add_request_method(session, "db", reify=True)
    config.add_request_method(lambda _: (), "navigation", reify=True)
    config.add_request_method(lambda _: (), "messages", reify=True)
    config.add_renderer(".pt", Templates(Path(root)))
    config.add_static_view("static/berceau", f"{root}/berceau/web/static")
    sys.path.insert(0, root)
    config.add_static_view("static/demo", "components.demo:static")
    config.override_asset("berceau.web:static/", f"{root}/berceau/web/static/")
    config.add_static_view("static/web", "berceau.web:static")
    config.add_route("demo.posts", "/demo/posts")
    config.add_route("demo.post.delete", "/demo/posts/{id}/delete")
    config.add_view(posts, route_name="demo.posts", renderer="posts.pt")
    serve(config.make_wsgi_app(), listen=f"127.0.0.1:{port}", threads=4)


if __name__ == "__main__":
    main(*sys.argv[1:])
