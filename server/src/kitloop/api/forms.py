"""Links for the end-user: kit form, array-data form, report (contract §5.2, §5.3, §7.5). Each opens once."""

from typing import Any
from urllib.parse import urlsplit

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from kitloop.accounts.roles import Permission
from kitloop.api.idempotency import idempotently
from kitloop.api.operation import Operation, audited, require, require_in, sample_of
from kitloop.api.parsing import Metadata
from kitloop.api.routing import at
from kitloop.api.sample_kit import may_order
from kitloop.kits.forms import open_array_form, open_kit_form
from kitloop.kits.links import Link, Redirects
from kitloop.runs.reports import open_report
from kitloop.wire.times import iso


class Redirect(serializers.URLField):
    """Where a browser is sent at the end: the web, and nothing that a reader of the address could mistake for another site."""

    def to_internal_value(self, data: Any) -> str:
        url: str = super().to_internal_value(data)
        parts = urlsplit(url)
        if parts.scheme.lower() not in {"http", "https"} or parts.username is not None or parts.password is not None:
            raise serializers.ValidationError("Enter a valid http or https URL without a user name.")
        return url


class LinkSerializer(serializers.Serializer[dict[str, Any]]):
    """What all three take."""

    expires_in = serializers.IntegerField(min_value=60, max_value=3600, default=600)


class FormSerializer(LinkSerializer):
    metadata = Metadata(required=False, allow_null=True, default=None)
    redirect_on_success = Redirect(max_length=2000, required=False, allow_blank=True, default="")
    redirect_on_failure = Redirect(max_length=2000, required=False, allow_blank=True, default="")


class SampleKitFormSerializer(FormSerializer):
    project_id = serializers.UUIDField()
    test_mode = serializers.BooleanField(required=False, default=False)


class ArrayDataUploadFormSerializer(FormSerializer):
    project_id = serializers.UUIDField(required=False, allow_null=True, default=None)


class SampleConsumerReportSerializer(LinkSerializer):
    report_type = serializers.ChoiceField(choices=["prs"], default="prs")


class SampleKitFormView(Operation):
    def post(self, request: Request) -> Response:
        """Get a link at which the recipient gives the address, and the sample it is for. The kit is ordered when they do."""
        caller = may_order(request)
        given = _given(SampleKitFormSerializer, request)
        if not caller.may(Permission.SAMPLE_KIT_CREATE):
            require_in(request, given["project_id"], Permission.SAMPLE_KIT_CREATE)

        def make() -> Link:
            return open_kit_form(
                caller,
                project_id=given["project_id"],
                metadata=given["metadata"],
                test_mode=given["test_mode"],
                redirects=_redirects(given),
                expires_in_seconds=given["expires_in"],
            )

        return _form_link(request, "sample-kit-form", given, make)


class ArrayDataUploadFormView(Operation):
    def post(self, request: Request) -> Response:
        """Get a link at which a person uploads an array export, and the sample it is for. The analysis begins when they do."""
        caller = require(request, Permission.UPLOAD_CREATE)
        given = _given(ArrayDataUploadFormSerializer, request)

        def make() -> Link:
            return open_array_form(
                caller,
                project_id=given["project_id"],
                metadata=given["metadata"],
                redirects=_redirects(given),
                expires_in_seconds=given["expires_in"],
            )

        return _form_link(request, "array-data-upload-form", given, make)


class SampleConsumerReportView(Operation):
    def post(self, request: Request, sample_id: str) -> Response:
        """Get a link to a page on which a sample's person reads their results."""
        sample = sample_of(request, sample_id)
        given = _given(SampleConsumerReportSerializer, request)
        link = open_report(sample, expires_in_seconds=given["expires_in"])
        return Response({"url": link.url, "expires_at": iso(link.expires)}, status=201)


def _given(kind: type[serializers.Serializer[dict[str, Any]]], request: Request) -> dict[str, Any]:
    body = kind(data=request.data)
    body.is_valid(raise_exception=True)
    found: dict[str, Any] = body.validated_data
    return found


def _redirects(given: dict[str, Any]) -> Redirects:
    return Redirects(on_success=given["redirect_on_success"], on_failure=given["redirect_on_failure"])


def _form_link(request: Request, operation: str, given: dict[str, Any], make: Any) -> Response:
    """With an `Idempotency-Key`, the same request again answers the same link: what is kept is its id, not its token."""
    kept, again = idempotently(request, operation, given, lambda: {"link": str(make().pk)})
    link = Link.objects.get(pk=kept["link"])
    audited(request, link.sample_id)
    answer = {"sample_id": str(link.sample_id), "url": link.url, "expires_at": iso(link.expires)}
    return Response(answer, status=201, headers={"Idempotent-Replayed": "true"} if again else None)


routes = [
    at("sample-kit-form", SampleKitFormView, "sample-kit-form"),
    at("array-data-upload-form", ArrayDataUploadFormView, "array-data-upload-form"),
    at("sample-consumer-report/{sample_id}", SampleConsumerReportView, "sample-consumer-report"),
]
