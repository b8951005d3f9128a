"""Organizations, the people in them, and the keys that act for those people."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID, uuid4

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.utils.crypto import salted_hmac
from django_otp.plugins.otp_totp.models import TOTPDevice

from kitloop.accounts.roles import PERMISSIONS, ROLES, Permission
from kitloop.base.sealed import unseal


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a user, signed in or acting through a key. Every read from outside starts with one."""

    user_id: UUID
    organization_id: UUID
    role: str
    api_key_id: UUID | None = None  # none where it came with a token or a session
    is_authenticated: bool = True  # what Django and DRF ask of a request's user

    def may(self, permission: Permission) -> bool:
        """Whether its role in the organization allows this everywhere. A role in one project may allow more there: Project.allow."""
        return permission in PERMISSIONS[self.role]


class Organization(models.Model):
    """A tenant. Nothing of one organization is ever visible to another."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    name = models.CharField(max_length=255)
    organization_type = models.CharField(max_length=32, default="consumer_provider")
    kit_ordering_enabled = models.BooleanField(default=False)  # switched on by the operator, on demand
    results_url = models.URLField(blank=True, default="")  # where the organization's customers read their results
    uploads_enabled = models.BooleanField(default=True)
    array_project_id = models.UUIDField(null=True, blank=True)  # where array data goes that names no project
    consumer_reports_enabled = models.BooleanField(default=False)  # switched on by the operator, on demand
    delete_samples_enabled = models.BooleanField(default=True)
    account_on_hold = models.BooleanField(default=False)  # reads go on; nothing new is started
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(organization_type__in=["enterprise", "consumer", "consumer_provider"]),
                name="organization_type_known",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Users(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())

    def of(self, caller: Caller) -> "models.QuerySet[User]":
        """The people of the caller's own organization."""
        return self.filter(organization_id=caller.organization_id)


class User(AbstractBaseUser):
    """A person with a login, in one organization, with one role there."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=255, blank=True)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="users")
    role_id = models.UUIDField(default=uuid4, editable=False)  # the wire names the assignment, not only the role
    role = models.CharField(max_length=16)
    is_active = models.BooleanField(default=True)
    activated = models.DateTimeField(
        null=True, blank=True
    )  # when the e-mail address was shown to be theirs; none: not yet
    config = models.JSONField(default=dict, blank=True)  # a client's own settings, kept for it (user-config/)
    new_email = models.EmailField(blank=True, default="")  # asked for, and not yet shown to be theirs
    sessions_ended = models.DateTimeField(null=True, blank=True)  # those begun before are over, even once active again
    created = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[Users] = Users()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(role__in=ROLES), name="user_role_known"),
            models.CheckConstraint(condition=Q(email=models.functions.Lower("email")), name="user_email_lower"),
        ]

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session was begun with, and must still be so: the password, and when this user's sessions were last ended."""
        salt = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"  # as Django has it
        ended = self.sessions_ended.isoformat() if self.sessions_ended else ""
        return salted_hmac(salt, self.password + ended, secret=secret, algorithm="sha256").hexdigest()

    def caller(self) -> Caller:
        return Caller(user_id=self.id, organization_id=self.organization_id, role=self.role)


class Invitations(models.QuerySet["Invitation"]):
    def visible_to(self, caller: Caller) -> "Invitations":
        """The gate: invitations into the caller's organization, for those who manage it."""
        if not caller.may(Permission.ORGANIZATION_MANAGE):
            return self.none()
        return self.filter(organization_id=caller.organization_id)


class Invitation(models.Model):
    """Somebody asked to join an organization. The letter holds the token; here is only its hash."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=16)
    hashed_token = models.CharField(max_length=128, unique=True)
    created_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField()
    status = models.CharField(max_length=16, default="pending")  # expired: pending, and past `expires`
    status_id = models.UUIDField(default=uuid4)
    status_created = models.DateTimeField(auto_now_add=True)
    status_actor = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = Invitations.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["pending", "accepted", "revoked"]), name="invitation_status_known"
            ),
            models.CheckConstraint(condition=Q(role__in=ROLES), name="invitation_role_known"),
        ]


class APIKeys(models.QuerySet["APIKey"]):
    def visible_to(self, caller: Caller) -> "APIKeys":
        """A user's own keys: nobody else's, not even an owner's view of them."""
        return self.filter(user_id=caller.user_id, revoked=False)


class APIKey(models.Model):
    """A key acts as its user, with that user's role of the moment. Only its hash is kept."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=50)
    prefix = models.CharField(max_length=8, unique=True)
    hashed_secret = models.CharField(max_length=128)
    expiry_date = models.DateField(null=True)  # the last day, in UTC, on which it works; none: for ever
    ip_range = models.JSONField(null=True)
    revoked = models.BooleanField(default=False)
    last_used = models.DateTimeField(null=True)
    created = models.DateTimeField(auto_now_add=True)

    objects = APIKeys.as_manager()


class Authenticator(TOTPDevice):
    """An authenticator app. Its key is sealed here; the one of the row that it extends is random, and opens nothing."""

    sealed_key = models.BinaryField()

    @property
    def bin_key(self) -> bytes:
        return bytes.fromhex(unseal(self.sealed_key))


class Attempts(models.Model):
    """Tries of one kind, from one address, for one e-mail, in the window that began at `since` (see guesses)."""

    who = models.CharField(max_length=64, primary_key=True)  # a keyed hash: no e-mail and no address is kept
    count = models.IntegerField(default=0)
    since = models.DateTimeField(db_index=True)
