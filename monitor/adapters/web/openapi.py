"""The OpenAPI document, made of the same table and the same types that the server works by."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from monitor.adapters.web.problem import CONTENT_TYPE, ProblemOut
from monitor.adapters.web.route import NoQuery, Route

_REF = "#/components/schemas/{name}"
_NEEDED = "needs the right `{right}`"


def document(routes: Sequence[Route], *, version: str, prefix: str) -> dict[str, Any]:
    """Give the OpenAPI 3.1 document of the routes."""
    types = [each for route in routes for each in (route.body, route.answer, route.query) if _is_struct(each)]
    schemas, components = msgspec.json.schema_components([*types, ProblemOut], ref_template=_REF)
    by_type = dict(zip([*types, ProblemOut], schemas, strict=True))
    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault(prefix + route.path, {})[route.method.lower()] = _operation(route, by_type, components)
    used = {name: schema for name, schema in components.items() if not name.endswith("Query")}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "vidnet",
            "version": version,
            "description": "城市视频网运行监测 · the monitor of a city's video network. Instants are epoch seconds; "
            "every list and figure obeys the caller's regions. Changes need a token (or a login with X-CSRF-Token) and "
            "an Idempotency-Key: the same key sent again gives the same answer and changes nothing.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": used,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "login": {"type": "apiKey", "in": "cookie", "name": "vidnet_session"},
            },
        },
        "security": [{"token": []}, {"login": []}],
    }


def _operation(route: Route, by_type: dict[Any, Any], components: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "tags": [route.group],
        "operationId": re.sub(r"\W+", "_", f"{route.method.lower()}{route.path}").strip("_"),
        "summary": route.summary,
        "parameters": [*_of_path(route), *_of_query(route, components), *_of_header(route)],
        "responses": {
            str(route.status): _good(route, by_type),
            "default": {
                "description": "a problem (RFC 9457)",
                "content": {CONTENT_TYPE: {"schema": by_type[ProblemOut]}},
            },
        },
    }
    if route.right is None:
        operation["security"] = []
    else:
        operation["description"] = _NEEDED.format(right=route.right.value)
    if route.body is bytes:
        operation["requestBody"] = {"required": True, "content": {"application/octet-stream": {"schema": {}}}}
    elif route.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": by_type[route.body]}},
        }
    return operation


def _good(route: Route, by_type: dict[Any, Any]) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "done" if route.changes else "the answer"}
    if _is_struct(route.answer):
        good["content"] = {route.produces: {"schema": by_type[route.answer]}}
    elif route.produces != "application/json":
        good["content"] = {route.produces: {"schema": {"type": "string"}}}
    return good


def _of_path(route: Route) -> list[dict[str, Any]]:
    names = re.findall(r"{(\w+)", route.path)
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _of_query(route: Route, components: dict[str, Any]) -> list[dict[str, Any]]:
    if route.query is NoQuery:
        return []
    schema = components[route.query.__name__]
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _unnulled(each)}
        for name, each in schema["properties"].items()
    ]


def _of_header(route: Route) -> list[dict[str, Any]]:
    if not route.changes or route.keyless:
        return []
    schema = {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$"}
    return [{"name": "Idempotency-Key", "in": "header", "required": True, "schema": schema}]


def _unnulled(schema: dict[str, Any]) -> dict[str, Any]:
    """Give a parameter's schema without "null", which no address can say."""
    choices = [each for each in schema.get("anyOf", []) if each != {"type": "null"}]
    if len(choices) == 1:
        return dict(choices[0])
    return {name: value for name, value in schema.items() if not (name == "default" and value is None)}


def _is_struct(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, msgspec.Struct)
