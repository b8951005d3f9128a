"""Who appears in the tests: two organizations, their people and keys. Plain functions that make rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from kitloop.accounts.keys import create_api_key
from kitloop.accounts.models import Organization, User
from kitloop.base.sealed import seal
from kitloop.labs.models import Lab
from kitloop.pipelines.models import Capability, Pipeline
from kitloop.pipelines.register import capability_id, pipeline_id
from kitloop.projects.models import Project

LAB_SECRET = "the lab's and ours"

ORDER: dict[str, Any] = {
    "recipient_address_name": "Jane Doe",
    "recipient_address_line1": "123 Main Street",
    "recipient_address_city": "San Francisco",
    "recipient_address_state_region": "CA",
    "recipient_address_postal_code": "94102",
    "recipient_address_country_code": "US",
    "recipient_email": "jane.doe@example.com",
    "recipient_phone": "+14155551234",
    "recipient_instructions": "Leave at front desk",
    "metadata": {"customer_id": "cust_12345", "order_number": "ORD-2025-001"},
}


@dataclass(frozen=True, slots=True)
class Person:
    user: User
    key: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Api-Key {self.key}"}


@dataclass(frozen=True, slots=True)
class Cast:
    organization: Organization
    capability: Capability
    project: Project
    owner: Person
    analyst: Person
    viewer: Person
    member: Person
    stranger: Person  # an owner too, of another organization
    strangers_project: Project

    def order(self, **changes: Any) -> dict[str, Any]:
        return {"project_id": str(self.project.id), **ORDER, **changes}


def person(organization: Organization, role: str) -> Person:
    user = User(
        email=f"{role}-{organization.id.hex[:8]}@example.com", name=role.title(), organization=organization, role=role,
        activated=datetime.now(UTC),
    )  # fmt: skip
    user.set_password("a long enough password")
    user.save()
    _, key = create_api_key(user, name="tests")
    return Person(user, key)


def make_cast() -> Cast:
    ours = Organization.objects.create(
        name="Acme Health", kit_ordering_enabled=True, results_url="https://shop.example/kits"
    )
    theirs = Organization.objects.create(name="Other Labs", kit_ordering_enabled=True)
    capability = make_capability()
    return Cast(
        organization=ours,
        capability=capability,
        project=Project.objects.create(organization=ours, name="Kits", capability=capability),
        owner=person(ours, "owner"),
        analyst=person(ours, "analyst"),
        viewer=person(ours, "viewer"),
        member=person(ours, "member"),
        stranger=person(theirs, "owner"),
        strangers_project=Project.objects.create(organization=theirs, name="Theirs", capability=capability),
    )


def make_capability(key: str = "tests/1", *, version: str = "1.0.0") -> Capability:
    """A registered bundle that is not there: analyses take the one of the setting."""
    pipeline, _ = Pipeline.objects.get_or_create(version=version, defaults={"id": pipeline_id(version)})
    return Capability.objects.create(
        id=capability_id(key), pipeline=pipeline, key=key, name=f"Bundle {key}", species="simulated", category="Other",
        datasets={"reference_genome": "tests-1"}, steps={"bases_min": 1, "effective_coverage_min": 0.0},
    )  # fmt: skip


def make_lab(*, url: str = "http://127.0.0.1:9", is_sandbox: bool = False, slug: str = "lab") -> Lab:
    return Lab.objects.create(slug=slug, name="Lab", url=url, sealed_secret=seal(LAB_SECRET), is_sandbox=is_sandbox)


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside leaves no trace, so that one cast serves for many requests: making it takes longer than they do."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
