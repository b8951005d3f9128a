"""Kits in stock: made in batches, taken one by one."""

import logging

from django.conf import settings
from django.db import IntegrityError, transaction

from kitloop_lab.barcodes import make_code
from kitloop_lab.models import Batch, Code, Kit, Order

log = logging.getLogger(__name__)
CARRIER = "Demo Post"


def make_batch(size: int) -> Batch:
    """A new batch of kits in stock, each with a barcode on the box and another on the tube."""
    for attempt in range(5):
        try:
            with transaction.atomic():
                batch = Batch.objects.create(size=size)
                kits = Kit.objects.bulk_create([Kit(batch=batch) for _ in range(size)])
                Code.objects.bulk_create(
                    [Code(kit=kit, kind=kind, value=make_code(kind)) for kit in kits for kind in ("kit", "tube")]
                )
        except IntegrityError:  # a random code was there already: of 8.5e11, so the next try does it
            if attempt == 4:
                raise
        else:
            break
    log.info("batch made batch=%s kits=%s", batch.pk, size)
    return batch


def pack_a_kit(order: Order) -> Kit:
    """Takes a kit from stock for this order, making a batch where there is none, and gives it both tracking numbers.

    Call inside the transaction that moves the order to packed. Two packers never take the same kit: the update counts.
    """
    while True:
        made = Kit.objects.filter(state=Kit.State.MADE)
        first = made.order_by("pk").values_list("pk", flat=True).first()
        if first is None:
            make_batch(settings.LAB_BATCH_SIZE)
        elif made.filter(pk=first).update(state=Kit.State.PACKED, order=order):
            break
    kit = Kit.objects.get(pk=first)
    for kind in ("outbound", "return"):
        Code.objects.create(kit=kit, kind=kind, value=make_code(kind))
    return kit
