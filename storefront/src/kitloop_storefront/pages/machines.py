"""What programs call: the platform's webhooks, and health."""

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST
from kitloop_sdk import WebhookVerificationError

from kitloop_storefront.background import inbox_bell
from kitloop_storefront.platform import webhook_secrets
from kitloop_storefront.receiver import take_events

LARGEST_BODY = 64 * 1024


@csrf_exempt  # programs have no cookies; the signature is what lets them in
@require_POST
def webhook(request: HttpRequest) -> HttpResponse:
    """Signed events in, stored before the answer. Nothing slow happens here: the background thread does the rest."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > LARGEST_BODY:
        return JsonResponse({"detail": "The body is too large."}, status=413)
    if not webhook_secrets():  # our fault, not the sender's: it should try again
        return JsonResponse({"detail": "No webhook secret is set here yet."}, status=503)
    try:
        new = take_events(request.body, request.headers.get("Gencove-Signature"))
    except WebhookVerificationError as error:
        return JsonResponse({"detail": str(error)}, status=400)
    inbox_bell.set()
    return JsonResponse({"new": new})


@require_GET
def health(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})
