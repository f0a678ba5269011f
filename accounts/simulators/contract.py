"""Holds requests and answers against a vendor's published document (OpenAPI 3.0 or 3.1).

Stricter than the vendors: a field or a parameter that the document doesn't name is a violation, in
an answer too.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from openapi_schema_validator import OAS30Validator, OAS31Validator

from accounts.simulators.asked import Answer, Asked
from accounts.simulators.forms import nested

Json = dict[str, Any]
FORM = "application/x-www-form-urlencoded"
METHODS = ("get", "post", "put", "patch", "delete")


class Contract:
    """Called with a request and its answer, gives the violations as sentences.

    Args:
        document: the OpenAPI document.
        outside: first segments of paths that are no part of the API.
    """

    def __init__(self, document: Json, *, outside: tuple[str, ...] = ()) -> None:
        self.document = document
        self.outside = outside
        old = str(document["openapi"]).startswith("3.0")
        self.validator = OAS30Validator if old else OAS31Validator
        self.operations = {
            (method.upper(), tuple(path.strip("/").split("/"))): {
                **operation,
                "parameters": [*item.get("parameters", []), *operation.get("parameters", [])],
            }
            for path, item in document["paths"].items()
            for method, operation in item.items()
            if method in METHODS
        }

    @classmethod
    def read(cls, path: Path, **options: Any) -> "Contract":
        return cls(json.loads(path.read_text()), **options)

    def __call__(self, asked: Asked, answer: Answer | None) -> list[str]:
        if asked.segments[0] in self.outside:
            return []
        operation = self._operation(asked)
        if operation is None:
            return [f"{asked.method} {asked.path}: the document has no such operation"]
        found = [
            *self._credentials(operation, asked),
            *self._path(operation, asked),
            *self._query(operation, asked),
            *self._body(operation, asked),
            *(self._answer(operation, answer) if answer else []),
        ]
        return [f"{asked.method} {asked.path}: {problem}" for problem in found]

    def _operation(self, asked: Asked) -> Json | None:
        for (method, parts), operation in self.operations.items():
            if method == asked.method and len(parts) == len(asked.segments):
                pairs = zip(parts, asked.segments, strict=True)
                if all(part.startswith("{") or part == segment for part, segment in pairs):
                    return {**operation, "parts": parts}
        return None

    def _credentials(self, operation: Json, asked: Asked) -> list[str]:
        """One of the ways that the document names, with all that this way demands."""
        ways = operation.get("security", self.document.get("security", []))
        schemes = self.document["components"].get("securitySchemes", {})
        if not ways or any(all(_given(schemes[name], asked) for name in way) for way in ways):
            return []
        return ["the credentials are missing"]

    def _path(self, operation: Json, asked: Asked) -> list[str]:
        given = dict(zip(operation["parts"], asked.segments, strict=True))
        parameters = [self.resolved(one) for one in operation["parameters"]]
        return [
            problem
            for one in parameters
            if one["in"] == "path"
            for problem in self._problems(one["schema"], given[f"{{{one['name']}}}"], one["name"])
        ]

    def _query(self, operation: Json, asked: Asked) -> list[str]:
        parameters = [self.resolved(one) for one in operation["parameters"]]
        known = {one["name"]: one for one in parameters if one["in"] == "query"}
        given = nested(asked.query)
        problems = [f"unknown query parameter {name!r}" for name in given.keys() - known.keys()]
        problems += [
            f"the query parameter {name!r} is missing"
            for name, one in known.items()
            if one.get("required") and name not in given
        ]
        for name in given.keys() & known.keys():
            schema = self.resolved(known[name]["schema"], closed=True)
            problems += self._problems(schema, coerced(given[name], schema), f"query {name}")
        return problems

    def _body(self, operation: Json, asked: Asked) -> list[str]:
        content = self.resolved(operation.get("requestBody", {}))
        if not asked.body:
            return ["the body is missing"] if content.get("required") else []
        schema = content.get("content", {}).get(asked.content_type, {}).get("schema")
        if schema is None:
            return [f"a body of {asked.content_type or 'no type'} is not in the document"]
        schema = self.resolved(schema, closed=True)
        is_form = asked.content_type == FORM
        body = coerced(asked.form, schema) if is_form else asked.json
        return self._problems(schema, body, "body")

    def _answer(self, operation: Json, answer: Answer) -> list[str]:
        answers = operation["responses"]
        documented = answers.get(str(answer.status), answers.get("default"))
        if documented is None:
            return [f"the document has no answer {answer.status}"]
        kinds = self.resolved(documented).get("content", {})
        if kinds and answer.mimetype not in kinds:
            return [f"an answer of {answer.mimetype} is not in the document"]
        content = kinds.get(answer.mimetype, {})
        if "schema" not in content:
            return []
        return self._problems(self.resolved(content["schema"], closed=True), answer.body, "answer")

    def _problems(self, schema: Json, value: Any, where: str) -> list[str]:
        checker = self.validator(schema, format_checker=self.validator.FORMAT_CHECKER)
        return [f"{where}: {_told(error)}" for error in checker.iter_errors(value)]

    def resolved(self, schema: Any, *, closed: bool = False) -> Any:
        """With every reference put in its place; closed, what isn't named is not allowed."""
        if isinstance(schema, list):
            return [self.resolved(one, closed=closed) for one in schema]
        if not isinstance(schema, Mapping):
            return schema
        if "$ref" in schema:
            return self.resolved(self._referred(schema["$ref"]), closed=closed)
        whole = {name: self.resolved(one, closed=closed) for name, one in schema.items()}
        if closed and isinstance(whole.get("properties"), dict) and whole.get("type") == "object":
            whole.setdefault("additionalProperties", False)
        return whole

    def _referred(self, reference: str) -> Any:
        found: Any = self.document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        return found


def _given(scheme: Mapping[str, str], asked: Asked) -> bool:
    if scheme["type"] == "apiKey":
        return bool(asked.headers.get(scheme["name"]))
    kind, _, secret = asked.headers.get("Authorization", "").partition(" ")
    return kind.lower() == scheme["scheme"] and bool(secret.strip())


def _told(error: Any) -> str:
    """Where and what, without the value: it may be somebody's address."""
    place = "/".join(str(part) for part in error.absolute_path) or "itself"
    if error.validator == "additionalProperties":
        return f"{place} has a field that the document doesn't name ({_extra(error)})"
    return f"{place} fails {error.validator!r}"


def _extra(error: Any) -> str:
    return ", ".join(sorted(error.instance.keys() - error.schema.get("properties", {}).keys()))


def coerced(value: Any, schema: Json) -> Any:
    """What came as text, as the type that the document gives it."""
    for one in schema.get("anyOf") or schema.get("oneOf") or []:
        if (attempt := coerced(value, one)) != value:
            return attempt
    if isinstance(value, dict):
        inner = schema.get("properties", {})
        return {name: coerced(one, inner.get(name, {})) for name, one in value.items()}
    if isinstance(value, list):
        return [coerced(one, schema.get("items", {})) for one in value]
    return _typed(value, schema.get("type"))


def _typed(value: str, kind: str | None) -> Any:
    if kind == "integer" and value.lstrip("-").isdigit():
        return int(value)
    if kind == "boolean" and value in ("true", "false"):
        return value == "true"
    return value
