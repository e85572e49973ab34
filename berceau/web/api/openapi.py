"""The OpenAPI 3.1 document of an application's API views."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import TypeAdapter
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.urldispatch import route_re

from berceau.web.api.operation import Operation
from berceau.web.api.signature import BODY, QUERY, RETURN, Signature
from berceau.web.error_formats import ErrorFormat
from berceau.web.problems import CONTENT_TYPE, phrase

Mode = Literal["validation", "serialization"]

REFERENCE = "#/components/schemas/{model}"
PROBLEM = "Problem"
PART = re.compile(r"\{(\w+)\}")

WRITING = {"POST", "PUT", "PATCH", "DELETE"}

ALWAYS = (400, 500, 503)
"""What may happen to any request: its address is malformed, or the application is in trouble."""

PROBLEM_SCHEMA: Mapping[str, Any] = {
    "title": PROBLEM,
    "description": "What went wrong: RFC 9457.",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "A URL that names the kind of problem."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "description": "Of the status 422: each mistake.",
            "items": {
                "type": "object",
                "required": ["detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "Where in the JSON body."},
                    "parameter": {"type": "string", "description": "Of the query string."},
                    "detail": {"type": "string"},
                },
            },
        },
        "attributes": {
            "type": "array",
            "description": "Of the status 409: what another entry has already.",
            "items": {"type": "string"},
        },
    },
}


@dataclass(frozen=True)
class Documented:
    """An operation at its address: a ``path`` of OpenAPI, such as ``/posts/{id}``."""

    operation: Operation
    method: str
    pattern: str
    component: str | None
    takes_tokens: bool
    is_limited: bool = False
    error_format: ErrorFormat | None = None

    @property
    def path(self) -> str:
        """The route's pattern without the expressions that its parts match."""
        path = route_re.sub(lambda part: part[0].partition(":")[0].rstrip("}") + "}", self.pattern)
        return "/" + re.sub(r"\*(\w+)$", r"{\1}", path).lstrip("/")

    @property
    def tags(self) -> list[str]:
        """What the operation is grouped by: its component, unless the view says otherwise."""
        named = self.operation.options.get("tags")
        return list(named) if named else [self.component] if self.component else []

    @property
    def id(self) -> str:
        """What names the operation in generated clients; it depends on nothing but itself."""
        named = self.operation.options.get("operation_id")
        if named:
            return str(named)
        words = [self.operation.route_name, self.operation.signature.name]
        if len(self.operation.methods) > 1:
            words.append(self.method.lower())
        return re.sub(r"\W+", "_", "_".join(words)).strip("_")


@dataclass(frozen=True)
class Security:
    """How programs prove who they are: ``schemes`` of OpenAPI by name, for token APIs."""

    schemes: Mapping[str, Any]

    def members(self, each: Documented) -> dict[str, Any]:
        """Return what the document says of this for one operation."""
        if not each.takes_tokens:
            return {}
        ways: list[dict[str, list[str]]] = [{name: []} for name in self.schemes]
        return {"security": ways if _needs_permission(each.operation) else [*ways, {}]}


def describe(
    documented: Iterable[Documented], info: Mapping[str, Any], security: Security
) -> dict[str, Any]:
    """Return the document; ``info`` has at least the title and the version of the API.

    Raises ``ComponentError`` where two operations have one name, or a type no schema.
    """
    found = sorted(documented, key=lambda each: (each.path, each.method))
    _check_names(found)
    schemas = Schemas(found)
    paths: dict[str, dict[str, Any]] = {}
    for each in found:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each, schemas, security)
    components: dict[str, Any] = {"schemas": schemas.definitions | {PROBLEM: PROBLEM_SCHEMA}}
    if any("security" in each for path in paths.values() for each in path.values()):
        components["securitySchemes"] = dict(security.schemes)
    document = {"openapi": "3.1.0", "info": dict(info), "paths": paths, "components": components}
    return _without_unused(document)


def _check_names(found: Iterable[Documented]) -> None:
    named: dict[str, Documented] = {}
    for each in found:
        other = named.setdefault(each.id, each)
        if other is not each:
            raise each.operation.signature.error(
                f"has the name {each.id} in the OpenAPI document, as {other.method} {other.path} "
                "has",
                'Give one of the two another: @api_view(..., operation_id="...").',
            )


class Schemas:
    """The JSON Schema of each part of each operation, and the ``definitions`` they refer to."""

    def __init__(self, found: Iterable[Documented]) -> None:
        made, more = TypeAdapter.json_schemas(
            [asked for each in found for asked in _asked(each)],
            ref_template=REFERENCE,
        )
        self.definitions: dict[str, Any] = more.get("$defs", {})
        self._made = {key: schema for (key, _), schema in made.items()}

    def of(self, owner: Signature | ErrorFormat, name: str) -> dict[str, Any]:
        """Return the schema of the parameter ``name``, or of what is returned; a text's if any."""
        return self._made.get((id(owner), name), {"type": "string"})

    def resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return ``schema``, or what it refers to."""
        name = schema.get("$ref", "").rpartition("/")[2]
        found: dict[str, Any] = self.definitions.get(name, schema)
        return found


def _asked(each: Documented) -> Iterator[tuple[tuple[int, str], Mode, "TypeAdapter[Any]"]]:
    signature, form = each.operation.signature, each.error_format
    for name, adapter in signature.parts.items():
        yield (id(signature), name), "validation", adapter
    if signature.body is not None:
        yield (id(signature), BODY), "validation", signature.body
    if signature.query is not None:
        yield (id(signature), QUERY), "validation", TypeAdapter(signature.query)
    if signature.result is not None:
        yield (id(signature), RETURN), "serialization", signature.result
    if form is not None:
        yield (id(form), RETURN), "serialization", form.adapter


def _operation(each: Documented, schemas: Schemas, security: Security) -> dict[str, Any]:
    signature = each.operation.signature
    summary, _, rest = signature.description.replace("``", "`").partition("\n")
    members: dict[str, Any] = {
        "operationId": each.id,
        "summary": summary,
        "description": rest.strip(),
        "tags": each.tags,
        "parameters": [*_parts(each, schemas), *_parameters(signature, schemas)],
    }
    found = {name: value for name, value in members.items() if value}
    if signature.body is not None:
        content = {"application/json": {"schema": schemas.of(signature, BODY)}}
        found["requestBody"] = {"required": not signature.optional_body, "content": content}
    responses = {str(status): value for status, value in _responses(each, schemas)}
    return {**found, "responses": responses, **security.members(each)}


def _parts(each: Documented, schemas: Schemas) -> Iterator[dict[str, Any]]:
    """Yield the parts of the path."""
    for name in PART.findall(each.path):
        schema = schemas.of(each.operation.signature, name)
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _parameters(signature: Signature, schemas: Schemas) -> Iterator[dict[str, Any]]:
    """Yield the parameters of the query string."""
    if signature.query is None:
        return
    model = schemas.resolved(schemas.of(signature, QUERY))
    for name, schema in model.get("properties", {}).items():
        parameter = {"name": name, "in": "query", "required": name in model.get("required", ())}
        described = {key: schema[key] for key in ("description",) if key in schema}
        yield {**parameter, **described, "schema": schema}


def _responses(each: Documented, schemas: Schemas) -> Iterator[tuple[int, dict[str, Any]]]:
    operation = each.operation
    success: dict[str, Any] = {"description": phrase(operation.status)}
    if operation.signature.result is not None:
        schema = schemas.of(operation.signature, RETURN)
        success["content"] = {"application/json": {"schema": schema}}
    yield operation.status, success
    problem = {"content": _problem(each.error_format, schemas)}
    for status in sorted(_statuses(each)):
        said = problem if status >= 400 else {}
        yield status, {"description": phrase(status), **said}


def _problem(form: ErrorFormat | None, schemas: Schemas) -> dict[str, Any]:
    """Return the content of an error: a problem, unless the API has another form."""
    if form is None:
        return {CONTENT_TYPE: {"schema": {"$ref": REFERENCE.format(model=PROBLEM)}}}
    return {form.content_type: {"schema": schemas.of(form, RETURN)}}


def _statuses(each: Documented) -> set[int]:
    """Return the statuses of the problems that the operation may answer with."""
    operation, signature = each.operation, each.operation.signature
    found = {*ALWAYS, *operation.options.get("errors", ())}
    if PART.search(each.path):
        found.add(404)
    if each.method in WRITING:
        found.add(409)
    if signature.body is not None:
        found |= {413, 415, 422}
    if signature.query is not None:
        found |= {413, 422}
    if each.is_limited:
        found.add(429)
    if _needs_permission(operation):
        found |= {401, 403} if each.takes_tokens else {403}
    return found


def _needs_permission(operation: Operation) -> bool:
    return operation.options.get("permission") not in {None, NO_PERMISSION_REQUIRED}


def _without_unused(document: dict[str, Any]) -> dict[str, Any]:
    """Return ``document`` without the schemas that nothing refers to: those of query strings."""
    schemas = document["components"]["schemas"]
    used: set[str] = set()
    waiting: list[Any] = [document["paths"]]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            name = str(value.get("$ref", "")).rpartition("/")[2]
            if name in schemas and name not in used:
                used.add(name)
                waiting.append(schemas[name])
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    kept = {name: schema for name, schema in sorted(schemas.items()) if name in used}
    return {**document, "components": {**document["components"], "schemas": kept}}
