"""The shop's settings, but that a password is hashed in a moment: no test of the running program is about that."""

from kitloop_storefront.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
