"""``@api_view``: a function becomes an operation of an API."""

from collections.abc import Callable
from inspect import isclass
from typing import TYPE_CHECKING, Any, TypeVar

from pyramid.request import Request
from pyramid.view import view_config

if TYPE_CHECKING:
    from berceau.web.api.operation import Operation

View = TypeVar("View", bound=Callable[..., Any])

BASE: Any = view_config


class api_view(BASE):  # noqa: N801 - a decorator, as Pyramid's view_config
    """Make a view an operation of an API, which its signature describes.

    A parameter called ``body`` is the JSON body, ``query`` the query string, and others are parts
    of the route's pattern: each is checked and converted by pydantic, to the type that it is
    annotated with. What the view returns is checked and written by its return annotation::

        @api_view(route_name="articles", request_method="POST", status=201)
        def create(request: Request, body: NewArticle) -> ArticleOut:
            \"\"\"Publish an article.\"\"\"

    ``route_name`` and ``request_method`` are needed. ``returns`` is the type that shows what the
    view returns, where that isn't its return annotation, such as a model that reads an entity.
    ``status`` is that of success: 200, or 204 where the annotation is ``None``. ``errors`` lists
    statuses that the view answers with beside those that Berceau knows of. ``operation_id`` names
    it in the OpenAPI document, ``tags`` groups it, and ``document=False`` leaves it out. The other
    options are those of Pyramid's ``view_config``. Methods of view classes can be operations, too.

    A mistake in the signature is a ``ComponentError`` when the application starts.
    """

    def __call__(self, wrapped: View) -> View:
        """Note the options until the component is scanned."""
        settings = dict(self.__dict__)
        depth = settings.pop("_depth", 0)
        category = settings.pop("_category", "pyramid")

        def register(context: Any, _name: str, view: Any) -> None:
            context.config.with_package(info.module).add_api_view(view=view, **settings)

        info = self.venusian.attach(wrapped, register, category=category, depth=depth + 1)
        if info.scope == "class" and settings.get("attr") is None:
            settings["attr"] = wrapped.__name__
        return wrapped


class OperationMapper:
    """Calls a view with what its operation read, and answers with what the operation wrote."""

    def __init__(self, operation: "Operation", *, attr: str | None = None, **_: Any) -> None:
        self._operation = operation
        self._attr = attr

    def __call__(self, view: Any) -> Callable[[Any, Request], Any]:
        """Return ``view`` as Pyramid calls it: with a context and a request."""
        operation, name = self._operation, self._attr or "__call__"

        def method_view(_context: Any, request: Request) -> Any:
            arguments = operation.arguments(request)
            return operation.respond(getattr(view(request), name)(**arguments), request)

        def function_view(_context: Any, request: Request) -> Any:
            arguments = operation.arguments(request)
            return operation.respond(view(request, **arguments), request)

        return method_view if isclass(view) else function_view
