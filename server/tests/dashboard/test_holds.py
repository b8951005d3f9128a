"""What is held for somebody's look: shown on the sample's page, closed by whoever may."""

import pytest
from cast import Cast
from dashboard_rows import order
from django.test import Client
from kitloop.events.models import AuditEntry
from kitloop.kits.holds import open_hold
from kitloop.kits.models import Hold


def _held(cast: Cast, reason: str = "same_person_twice") -> Hold:
    return open_hold(order(cast), reason_code=reason, owner="operator", note="It reads as the same person as another.")


def test_a_manager_looks_at_it_and_closes_it(client: Client, cast: Cast) -> None:
    hold = _held(cast)
    client.force_login(cast.owner.user)
    path = f"/samples/{hold.sample_id}"
    shown = client.get(path).content.decode()
    assert "On hold: same person twice." in shown
    assert "It reads as the same person as another." in shown
    assert f'action="{path}/holds/{hold.pk}/close"' in shown
    done = client.post(f"{path}/holds/{hold.pk}/close", follow=True)
    assert "The hold is closed." in done.content.decode()
    assert "On hold" not in client.get(path).content.decode()
    entry = AuditEntry.objects.get(action="hold-close.post")
    assert (entry.user_id, entry.subjects) == (cast.owner.user.id, [hold.sample_id])


@pytest.mark.parametrize(("who", "status"), [("viewer", 403), ("stranger", 404)])
def test_others_can_not_close_it(client: Client, cast: Cast, who: str, status: int) -> None:
    hold = _held(cast)
    client.force_login(getattr(cast, who).user)
    assert client.post(f"/samples/{hold.sample_id}/holds/{hold.pk}/close").status_code == status
    assert Hold.objects.get(pk=hold.pk).closed is None
    if who == "viewer":
        assert "/close" not in client.get(f"/samples/{hold.sample_id}").content.decode()


def test_a_hold_that_waits_for_something_else_has_no_button(client: Client, cast: Cast) -> None:
    hold = _held(cast, reason="no_lab")
    client.force_login(cast.owner.user)
    assert "/close" not in client.get(f"/samples/{hold.sample_id}").content.decode()
    assert client.post(f"/samples/{hold.sample_id}/holds/{hold.pk}/close").status_code == 404
    assert Hold.objects.get(pk=hold.pk).closed is None
