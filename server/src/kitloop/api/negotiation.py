"""What a client gets, whatever it says that it accepts; and what it hears when it asks for the methods."""

from collections.abc import Sequence
from typing import Any

from rest_framework.metadata import BaseMetadata
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class AlwaysJson(DefaultContentNegotiation):
    """JSON. A browser or a client that asks for something else can read it too; a 406 would help neither (contract §1.1)."""

    def select_renderer(
        self, request: Request, renderers: Sequence[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[Any, Any]:
        return renderers[0], renderers[0].media_type


class Methods(BaseMetadata):
    """What OPTIONS answers: the methods, and the kinds of body that are read. What they mean is in the schema."""

    def determine_metadata(self, request: Request, view: Any) -> dict[str, Any]:
        return {"methods": view.allowed_methods, "parses": [parser.media_type for parser in view.parser_classes]}
