"""The API as OpenAPI 3, made of the address table: bodies from the serializers, answers from the contract, words from the views."""

import re
from functools import cache
from importlib.metadata import version
from typing import Any

from django.urls import URLPattern, include, path
from drf_spectacular.generators import EndpointEnumerator, SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import normalize_result_object, sanitize_result_object

from kitloop.api.description import contract, examples, words
from kitloop.api.description.bodies import BODIES, FREE, HEADERS, WITHOUT
from kitloop.api.description.corrections import Schema
from kitloop.api.description.own import OWN
from kitloop.api.description.refusals import RESPONSES, SHAPES, refusals
from kitloop.api.operation import OpenOperation
from kitloop.api.routing import address
from kitloop.api.urls import kitloop_v1, v2

V2, OWN_API = "api/v2/", "api/kitloop/v1/"
READ = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")


class NotDescribed(Exception):
    """A route that is served and that nothing in this folder tells of."""


@cache
def routes() -> dict[str, URLPattern]:
    """Every route of the API, by its path."""
    return {
        f"/{prefix}{address(route)}": route for prefix, listed in ((V2, v2), (OWN_API, kitloop_v1)) for route in listed
    }


@cache
def document() -> dict[str, Any]:
    """The whole description, without its servers."""
    found: dict[str, Any] = _Generator(
        patterns=[path(V2, include(v2)), path(OWN_API, include(kitloop_v1))]
    ).get_schema()
    return found


class _Addresses(EndpointEnumerator):
    def get_path_from_regex(self, path_regex: str) -> str:
        """As the contract spells it: a final slash only where nothing is named in the address."""
        found: str = super().get_path_from_regex(path_regex)
        return found.rstrip("/") if "{" in found else found


class _Generator(SchemaGenerator):
    endpoint_inspector_cls = _Addresses

    def get_schema(self, request: Any = None, public: bool = True) -> Any:
        paths = self.parse(request, public)
        made = self.registry.build({})
        shapes = {name: contract.shapes()[name] for name in sorted(contract.used_by(paths))}
        found = {
            "openapi": "3.0.3",
            "info": {"title": "Kitloop API", "version": version("kitloop-server"), "description": words.INTRODUCTION},
            "tags": [{"name": name, "description": said} for name, said in words.TAGS.items()],
            "paths": {each: paths[each] for each in routes() if each in paths},
            "components": {
                "schemas": {**shapes, **made["schemas"], **SHAPES},
                "responses": {f"Status{status}": said for status, said in RESPONSES.items()},
                "securitySchemes": {
                    "Api-Key": {
                        "type": "apiKey",
                        "in": "header",
                        "name": "Authorization",
                        "description": words.OF_A_KEY,
                    },
                    "Bearer": {
                        "type": "http",
                        "scheme": "bearer",
                        "bearerFormat": "JWT",
                        "description": words.OF_A_LOGIN,
                    },
                },
            },
        }
        return sanitize_result_object(normalize_result_object(found))


class Described(AutoSchema):
    """One operation. Named in the settings, so that each view has one."""

    def get_operation(self, path: str, path_regex: str, path_prefix: str, method: str, registry: Any) -> dict[str, Any]:
        self.path, self.path_regex, self.path_prefix = path, path_regex, path_prefix
        self.method, self.registry = method.upper(), registry
        self.key = self.method, str(routes()[path].name)
        said = contract.operations().get((self.method, path), {})
        own = OWN.get(self.key)
        if not said and own is None:
            raise NotDescribed(f"{self.method} {path} is in no table of kitloop.api.description.")
        is_open = isinstance(self.view, OpenOperation)
        body, parameters = self._body(), self._parameters(said)
        in_query = [each for each in parameters if each["in"] == "query" and each["name"] not in {"limit", "offset"}]
        refused = refusals(
            *self.key, is_open=is_open, has_body=bool(body), has_query=bool(in_query), names_something="{" in path
        )
        found = {
            "operationId": said.get(
                "operationId", "_".join([self.method.lower(), self.key[1].replace("-", "_")])
            ).replace(".", "_"),
            **self._words(),
            "tags": said.get("tags") or [own.tag if own else ""],
            "parameters": parameters,
            "requestBody": body,
            "security": [] if is_open else [{"Api-Key": []}, {"Bearer": []}],
            "responses": {
                **self._answer(),
                **{each: {"$ref": f"#/components/responses/Status{each}"} for each in refused},
            },
        }
        return {name: value for name, value in found.items() if value or name == "security"}

    def get_serializer_name(self, serializer: Any, direction: str) -> str:
        """After the operation, because two modules may have a serializer of one name."""
        name: str = serializer.__class__.__name__
        if direction == "request" and type(serializer) is BODIES.get(self.key):
            return "".join(word.title() for word in re.split(r"\W", self.key[1])) + "Body"
        return name.removesuffix("Serializer").removesuffix("Shape")

    def _words(self) -> dict[str, str]:
        """The view's own, of the method or else of the class. The first sentence is the summary."""
        text = vars(type(self.view))[self.method.lower()].__doc__ or vars(type(self.view)).get("__doc__")
        if not text:
            raise NotDescribed(f"{self.method} {self.path}: its view says nothing of it.")
        text = " ".join(text.split())
        return {"summary": re.split(r"[.:;] ", text, maxsplit=1)[0].removesuffix("."), "description": text}

    def _body(self) -> dict[str, Any] | None:
        if self.method == "GET" or self.key in WITHOUT:
            return None
        if self.key in FREE:
            return {"content": {each: {"schema": FREE[self.key]} for each in READ}}
        if self.key not in BODIES:
            raise NotDescribed(
                f"{self.method} {self.path} is neither in BODIES nor in WITHOUT of kitloop.api.description.bodies."
            )
        made = self.resolve_serializer(BODIES[self.key](partial=self.method == "PATCH"), "request")
        content: dict[str, Any] = {each: {"schema": made.ref} for each in READ}
        if self.key in examples.REQUESTS:
            content[READ[0]] = {"schema": made.ref, "examples": examples.REQUESTS[self.key]}
        return {"content": content, "required": bool(made.schema.get("required"))}

    def _parameters(self, said: dict[str, Any]) -> list[dict[str, Any]]:
        own = OWN.get(self.key)
        if own is None:
            listed = [{**each, "required": bool(each.get("required"))} for each in said.get("parameters", [])]
            found = [{**each, "description": words.PARAMETERS.get(each["name"], "")} for each in listed]
        else:
            named = re.findall(r"{(\w+)}", self.path)
            found = [
                {"name": each, "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
                for each in named
            ]
            found += [
                {"name": name, "in": "query", "required": False, "schema": schema, "description": said_of_it}
                for name, schema, said_of_it in own.query
            ]
        return [*found, *HEADERS.get(self.key, [])]

    def _answer(self) -> dict[str, Any]:
        own = OWN.get(self.key)
        if own is not None:
            schema = self.resolve_serializer(own.answer, "response").ref if own.answer else None
            found = contract.Answer(own.status, schema)
        else:
            found = contract.answer(self.method, self.path)
        return {str(found.status): _content(found, examples.ANSWERS.get(self.key))}


def _content(found: contract.Answer, shown: Schema | None) -> dict[str, Any]:
    if found.schema is None:
        return {"description": "Done."}
    held = {"schema": found.schema, "examples": shown} if shown else {"schema": found.schema}
    return {"description": "What was asked for.", "content": {found.media_type.partition(";")[0]: held}}
