"""Django's settings for the lab. Every one that an operator turns is an environment variable; see README.md.

Importing this module makes no file: `kitloop_lab.folders.prepare` does, when the command starts.
"""

import os
import secrets
from pathlib import Path
from typing import Any

import dj_database_url

from kitloop_lab import folders

DATA = folders.data_folder()

# The lab's own settings.
LAB_SLUG = os.environ.get("KITLOOP_LAB_SLUG", "sandbox")
LAB_PLATFORM_URL = os.environ.get("KITLOOP_LAB_PLATFORM_URL", "").rstrip("/")
_secret_file = os.environ.get("KITLOOP_LAB_SECRET_FILE")
LAB_SECRET = Path(_secret_file).read_text().strip() if _secret_file else os.environ.get("KITLOOP_LAB_SECRET", "")
LAB_MODE = os.environ.get("KITLOOP_LAB_MODE", "sandbox")
LAB_STAGE_SECONDS = float(os.environ.get("KITLOOP_LAB_STAGE_SECONDS", "2.0"))
LAB_SCENARIO = os.environ.get("KITLOOP_LAB_SCENARIO", "happy")
LAB_DEMO = os.environ.get("KITLOOP_LAB_DEMO", "")
LAB_DEPTH = float(os.environ.get("KITLOOP_LAB_DEPTH", "1.0"))
LAB_SEQUENCERS = int(os.environ.get("KITLOOP_LAB_SEQUENCERS", "2"))
LAB_SENDERS = int(os.environ.get("KITLOOP_LAB_SENDERS", "8"))
LAB_BATCH_SIZE = int(os.environ.get("KITLOOP_LAB_BATCH_SIZE", "100"))
LAB_GENOMICS = os.environ.get("KITLOOP_LAB_GENOMICS", "")
LAB_HOST = os.environ.get("KITLOOP_LAB_HOST", "127.0.0.1")

LOOPBACK = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = [h.strip() for h in os.environ.get("KITLOOP_LAB_ALLOWED_HOSTS", "").split(",") if h.strip()] or LOOPBACK
# Without a login the board is shown only where nobody but this machine can ask for it. A proxy in front needs its
# host name in ALLOWED_HOSTS, which closes the board again.
LAB_OPEN_BOARD = LAB_MODE == "sandbox" and LAB_HOST in (*LOOPBACK, "::1") and set(ALLOWED_HOSTS) <= set(LOOPBACK)

DEBUG = False
_key_file = DATA / folders.SECRET_KEY_FILE
# Before the first start (tests, type checks, --help) a key of the moment does.
SECRET_KEY = _key_file.read_text().strip() if _key_file.exists() else secrets.token_urlsafe(50)

ROOT_URLCONF = "kitloop_lab.urls"
WSGI_APPLICATION = "kitloop_lab.wsgi.application"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "kitloop_lab.apps.LabConfig",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "kitloop_lab.headers.SecurityHeaders",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "kitloop_lab.pages.about_the_lab",
            ]
        },
    }
]

_default_url = f"sqlite:///{DATA / 'lab.sqlite3'}"
_database: dict[str, Any] = dict(dj_database_url.parse(os.environ.get("KITLOOP_LAB_DATABASE_URL") or _default_url))
if _database["ENGINE"] == "django.db.backends.sqlite3":
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",  # two writers wait for each other instead of failing half-way
        "timeout": 20,
        # FULL: what was answered with 201 is on the disk. WAL: pages read while the robot writes.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    }
_database["CONN_MAX_AGE"] = None
_database["CONN_HEALTH_CHECKS"] = True
DATABASES = {"default": _database}

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
APPEND_SLASH = False
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "board"
LOGOUT_REDIRECT_URL = "board"
# All four parties run on one host in the demo, and cookies do not know ports: each party needs names of its own.
SESSION_COOKIE_NAME = "kitloop_lab_session"
CSRF_COOKIE_NAME = "kitloop_lab_csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = os.environ.get("KITLOOP_LAB_HTTPS", "") == "1"
if SESSION_COOKIE_SECURE:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CSRF_COOKIE_HTTPONLY = True
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "kitloop_lab.logs.OneLine"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        # httpx2 writes whole addresses at INFO, and a signed upload address is a permission.
        "httpx2": {"level": "WARNING"},
        "httpcore2": {"level": "WARNING"},
        "django": {"handlers": [], "level": "WARNING", "propagate": True},
        "django.request": {"handlers": [], "level": "ERROR", "propagate": True},
        "django.server": {"handlers": [], "level": "ERROR", "propagate": True},
    },
}
