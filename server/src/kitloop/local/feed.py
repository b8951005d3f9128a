"""Each message as it passes, read from what the platform recorded: it is in the middle, so all of them are there."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Passed:
    """One message between two parties."""

    at: datetime
    sender: str
    receiver: str
    text: str


@dataclass(slots=True)
class Feed:
    """What has passed about one sample since it was last asked."""

    sample_id: UUID | None = None
    _events: int = 0
    _heard: int = 0
    _attempts: int = 0
    _letters: set[int] = field(default_factory=set)

    @property
    def has_webhook(self) -> bool:
        """Whether the shop was told of this sample, and `news` has said so."""
        return self._attempts > 0

    def news(self) -> list[Passed]:
        if self.sample_id is None:
            return []
        sample_id = self.sample_id
        found = [
            *self._from_events(sample_id),
            *self._from_lab(sample_id),
            *self._letters_sent(sample_id),
            *self._delivered(sample_id),
        ]
        return sorted(found, key=lambda passed: passed.at)

    def _from_events(self, sample_id: UUID) -> Iterator[Passed]:
        from kitloop.events.models import Event

        said = {
            "sample.kit_requested": ("shop", "platform", "POST /api/v2/sample-kit/ (201: the order is stored)"),
            "kit.ordered": ("platform", "lab", "POST /lab/v1/orders (taken)"),
            "sample.running": ("platform", "platform", "the analysis begins"),
            "sample.succeeded": ("platform", "platform", "the analysis is done: results are ready"),
            "sample.failed_qc": ("platform", "platform", "the analysis is done: quality control failed"),
        }
        for event in Event.objects.filter(sample_id=sample_id, position__gt=self._events).order_by("position"):
            self._events = event.position
            if event.type in said:
                yield Passed(event.occurred, *said[event.type])

    def _from_lab(self, sample_id: UUID) -> Iterator[Passed]:
        from kitloop.labs.models import LabMessage

        messages = LabMessage.objects.filter(kit__sample_id=sample_id, pk__gt=self._heard).order_by("pk")
        for message in messages:
            self._heard = message.pk
            more = "" if message.result == "applied" else f" ({message.result})"
            text = "two FASTQ files, then kit.sequenced" if message.type == "kit.sequenced" else message.type
            yield Passed(message.received, "lab", "platform", f"{text}{more}")

    def _letters_sent(self, sample_id: UUID) -> Iterator[Passed]:
        from kitloop.kits.letters import SUBJECTS
        from kitloop.kits.models import Letter

        for letter in Letter.objects.filter(kit__sample_id=sample_id, sent__isnull=False):
            if letter.pk not in self._letters and letter.sent is not None:
                self._letters.add(letter.pk)
                yield Passed(letter.sent, "platform", "customer", f"e-mail: {SUBJECTS[letter.kind]}")

    def _delivered(self, sample_id: UUID) -> Iterator[Passed]:
        from kitloop.events.models import Event
        from kitloop.webhooks.models import Attempt

        events = Event.objects.filter(sample_id=sample_id).values("id")
        attempts = Attempt.objects.filter(delivery__event_id__in=events, pk__gt=self._attempts).select_related(
            "delivery"
        )
        for attempt in attempts.order_by("pk"):
            self._attempts = attempt.pk
            answered = attempt.response_status or attempt.error
            yield Passed(
                attempt.started, "platform", "shop", f"webhook {attempt.delivery.event_type}, signed ({answered})"
            )
