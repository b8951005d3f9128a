"""The e-mail to an organization's owners when a subscription was disabled."""

from uuid import UUID

from django.core.mail import EmailMessage

from kitloop.accounts.models import User
from kitloop.webhooks.models import Subscription

_SAID = {
    "gone": "Its target answered 410 Gone.",
    "failing": "Its target has taken nothing for five days.",
}
_BODY = """\
The subscription "{name}" of project "{project}" was disabled. {said}

Target: {target}
Subscription: {id}

What it is owed is held, not lost. When the target works again, enable the subscription
(POST /api/kitloop/v1/subscriptions/{id}/enable) and all of it will be sent. If nobody needs it any more, delete it.
"""


def tell_owners(subscription_id: UUID) -> None:
    """Writes to every owner, each alone. Says nothing where the subscription is gone or enabled again by now."""
    subscription = Subscription.objects.select_related("project").filter(pk=subscription_id).first()
    if subscription is None or subscription.disabled_at is None:
        return
    owners = User.objects.filter(organization_id=subscription.project.organization_id, role="owner", is_active=True)
    body = _BODY.format(
        name=subscription.name,
        project=subscription.project.name,
        said=_SAID[subscription.disabled_reason],
        target=subscription.target,
        id=subscription.id,
    )
    for address in owners.order_by("created").values_list("email", flat=True):
        EmailMessage(subject="A webhook subscription was disabled", body=body, to=[address]).send()
