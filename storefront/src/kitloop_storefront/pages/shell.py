"""What every page shows around its own content."""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Shop:
    name: str
    test_mode: bool


def about_the_shop(request: HttpRequest) -> dict[str, Shop]:
    return {"shop": Shop(settings.SHOP_NAME, settings.TEST_MODE)}
