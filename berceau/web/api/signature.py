"""What a view's signature says: which parts of a request it takes, and what it returns."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import Any, get_type_hints

from pydantic import BaseModel, PydanticUserError, TypeAdapter
from pydantic.errors import PydanticSchemaGenerationError, PydanticUndefinedAnnotation
from pyramid.interfaces import IResponse

from berceau.errors import ComponentError, Location

BODY, QUERY, RETURN = "body", "query", "return"
UNBUILDABLE = (PydanticUserError, PydanticSchemaGenerationError, PydanticUndefinedAnnotation)


@dataclass(frozen=True)
class Signature:
    """A view's name, its description, and the types that read its request and write its result.

    ``parts`` are those of the route's pattern, by name. ``optional_body`` tells whether the view
    can do without a body. ``result`` is ``None`` where nothing is returned, or where the view
    ``responds``: it returns a response of its own.
    """

    name: str
    where: Location
    description: str
    parts: Mapping[str, "TypeAdapter[Any]"]
    query: type[BaseModel] | None
    body: "TypeAdapter[Any] | None"
    optional_body: bool
    result: "TypeAdapter[Any] | None"
    responds: bool

    def error(self, problem: str, cure: str) -> ComponentError:
        """Return the error whose message is that the view ``problem``."""
        return ComponentError(f"The API view {self.name} {problem}.", where=self.where, cure=cure)

    @classmethod
    def read(cls, view: Any, attr: str | None, returns: Any) -> "Signature":
        """Return what ``view`` says, or the method ``attr`` of the class ``view``.

        ``returns`` stands for its return annotation, where it isn't ``None``. Raises
        ``ComponentError``.
        """
        function = getattr(view, attr or "__call__") if inspect.isclass(view) else view
        reader = _Reader(function)
        types = reader.types()
        if returns is not None:
            types[RETURN] = returns
        elif RETURN not in types:
            raise reader.error(
                "doesn't say what it returns",
                "Annotate it: -> Model, -> list[Model], -> Page[Model], -> None or -> Response.",
            )
        parameters = reader.parameters()
        responds = inspect.isclass(types[RETURN]) and IResponse.implementedBy(types[RETURN])
        shown = () if responds or types[RETURN] is type(None) else (RETURN,)
        adapters = {
            name: reader.adapter(name, types) for name in (*parameters, *shown) if name != QUERY
        }
        result, body = adapters.pop(RETURN, None), adapters.pop(BODY, None)
        return cls(
            name=function.__name__,
            where=reader.where,
            description=inspect.getdoc(function) or "",
            parts=adapters,
            query=reader.query(types) if QUERY in parameters else None,
            body=body,
            optional_body=body is not None and parameters[BODY].default is not inspect._empty,
            result=result,
            responds=responds,
        )


class _Reader:
    """Reads one function, and says where it is at fault."""

    def __init__(self, function: Any) -> None:
        self.function = inspect.unwrap(function)
        if not isinstance(self.function, FunctionType):
            raise ComponentError(
                f"The API view {function!r} is no function.",
                where=Location(),
                cure="Write it with `def`, in a module or in a view class.",
            )
        code = self.function.__code__
        self.where = Location(None, Path(code.co_filename), code.co_firstlineno)

    def error(self, problem: str, cure: str) -> ComponentError:
        return ComponentError(
            f"The API view {self.function.__name__} {problem}.", where=self.where, cure=cure
        )

    def types(self) -> dict[str, Any]:
        try:
            return get_type_hints(self.function, include_extras=True)
        except NameError as error:
            raise self.error(
                f"has an annotation that can't be read: {error}",
                "Import the name outside of `if TYPE_CHECKING:`, because requests are read by it.",
            ) from error

    def parameters(self) -> dict[str, inspect.Parameter]:
        """Return the parameters after the first, which is the request or the view's object."""
        found = list(inspect.signature(self.function).parameters.values())
        if not found:
            raise self.error("takes no request", "Let its first parameter be the request.")
        for parameter in found[1:]:
            if parameter.kind not in {parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY}:
                raise self.error(
                    f"has the parameter {parameter}, which no name can fill",
                    "Give each parameter a name of its own.",
                )
        return {each.name: each for each in found[1:]}

    def adapter(self, name: str, types: Mapping[str, Any]) -> "TypeAdapter[Any]":
        what = "returns" if name == RETURN else f"takes as {name}"
        if name not in types:
            raise self.error(
                f"has the parameter {name} without a type", f"Annotate it, as in {name}: int."
            )
        try:
            return TypeAdapter(types[name])
        except UNBUILDABLE as error:
            raise self.error(
                f"{what} what pydantic has no schema for: {str(error).splitlines()[0]}",
                "Use a pydantic model, or a type that pydantic knows. Where the view returns "
                "entities, name the model that shows them: @api_view(..., returns=Model).",
            ) from error

    def query(self, types: Mapping[str, Any]) -> type[BaseModel]:
        found = types.get(QUERY)
        if not inspect.isclass(found) or not issubclass(found, BaseModel):
            raise self.error(
                "has the parameter query, which is no pydantic model",
                "Annotate it with a model that has a field for each parameter of the query string.",
            )
        return found
