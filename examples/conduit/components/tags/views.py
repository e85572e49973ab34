"""The API of tags."""

from pony.orm import select
from pyramid.request import Request

from berceau.web.api import api_view
from components.api.models import Model

from .entities import Tag


class TagsOut(Model):
    """All tags."""

    tags: list[str]


@api_view(route_name="tags", request_method="GET")
def list_tags(_request: Request) -> TagsOut:
    """List the tags by name."""
    return TagsOut(tags=list(select(tag.name for tag in Tag).order_by(1)))
