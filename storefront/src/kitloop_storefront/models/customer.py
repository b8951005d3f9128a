"""Accounts: customers, and the shop's staff."""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone


def plain_email(email: str) -> str:
    """The form in which addresses are stored and compared."""
    return email.strip().lower()


class Customers(BaseUserManager["Customer"]):
    def create_user(self, email: str, password: str | None = None, **more: Any) -> "Customer":
        customer = self.model(email=plain_email(email), **more)
        customer.set_password(password)
        customer.save(using=self._db)
        return customer

    def get_by_natural_key(self, username: str | None) -> "Customer":
        return self.get(email=plain_email(username or ""))


class Customer(AbstractBaseUser):
    """Logs in by e-mail. The id, and never the address, is what the platform learns as `customer_id`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=255, blank=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    created = models.DateTimeField(default=timezone.now)

    objects: ClassVar[Customers] = Customers()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return f"customer {self.pk}"
