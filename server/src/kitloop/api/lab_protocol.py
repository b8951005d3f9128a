"""The platform's side of the lab protocol (docs/lab-protocol.md): signed by the lab, answered in JSON."""

from typing import Any

from kitloop_sdk.labs import EVENT_TYPES, FILE_ROLES, LAB_HEADER, SIGNATURE_HEADER, BadSignature, verify_request
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from kitloop.api.parsing import Metadata, path_uuid
from kitloop.api.routing import at
from kitloop.labs.inbox import Message, take_event
from kitloop.labs.models import Lab
from kitloop.labs.uploads import Announced, grant_uploads
from kitloop.wire.times import iso


class LabSignature(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[Lab, None]:
        lab = Lab.objects.filter(slug=request.headers.get(LAB_HEADER, ""), is_enabled=True).first()
        if lab is None:
            raise AuthenticationFailed("Unknown lab.")
        try:
            verify_request(
                lab.secret,
                signature=request.headers.get(SIGNATURE_HEADER, ""),
                method=request.method or "",
                path=request.get_full_path(),
                body=request._request.body,
            )
        except BadSignature as error:
            raise AuthenticationFailed(str(error)) from None
        return lab, None

    def authenticate_header(self, request: Request) -> str:
        return SIGNATURE_HEADER


class IsLab(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.user, Lab)


class LabView(APIView):
    authentication_classes = [LabSignature]
    permission_classes = [IsLab]


class EventSerializer(serializers.Serializer[dict[str, Any]]):
    id = serializers.UUIDField()
    type = serializers.ChoiceField(choices=EVENT_TYPES)
    kit_id = serializers.UUIDField()
    occurred_at = serializers.DateTimeField()
    data = Metadata(required=False, default=dict)

    def validate_data(self, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise serializers.ValidationError("Expected an object.")
        files = value.get("files", [])
        if not isinstance(files, list) or not all(isinstance(file, dict) for file in files):
            raise serializers.ValidationError("`files` must be a list of objects.")
        return value


class LabEventsView(LabView):
    def post(self, request: Request) -> Response:
        parsed = EventSerializer(data=request.data)
        parsed.is_valid(raise_exception=True)
        given = parsed.validated_data
        raw = {
            **given,
            "id": str(given["id"]),
            "kit_id": str(given["kit_id"]),
            "occurred_at": iso(given["occurred_at"]),
        }
        result = take_event(request.user, Message(raw=raw, **given))
        return Response({"id": raw["id"], "result": result}, status=202)


class AnnouncedSerializer(serializers.Serializer[dict[str, Any]]):
    role = serializers.ChoiceField(choices=FILE_ROLES)
    name = serializers.CharField(max_length=255, required=False, allow_blank=True)
    size = serializers.IntegerField(min_value=0, max_value=2**42)
    sha256 = serializers.RegexField(r"\A[0-9a-f]{64}\Z")


class UploadsSerializer(serializers.Serializer[dict[str, Any]]):
    files = AnnouncedSerializer(many=True, allow_empty=False, max_length=10)


class LabUploadsView(LabView):
    def post(self, request: Request, kit_id: str) -> Response:
        parsed = UploadsSerializer(data=request.data)
        parsed.is_valid(raise_exception=True)
        files = [Announced(f["role"], f["size"], f["sha256"]) for f in parsed.validated_data["files"]]
        grants = grant_uploads(request.user, path_uuid(kit_id), files)
        return Response(
            {
                "uploads": [
                    {"role": g.role, "method": "PUT", "url": g.url, "expires_at": iso(g.expires_at), "done": g.done}
                    for g in grants
                ]
            }
        )


routes = [
    at("events", LabEventsView, "lab-events"),
    at("kits/{kit_id}/uploads", LabUploadsView, "lab-uploads"),
]
