"""Settings. Every one that an operator may set is an environment variable named KITLOOP_…, or DATABASE_URL."""

import hmac
import os
import sys
from collections.abc import Callable
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import NoReturn, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict

from kitloop.base import data, postgres

T = TypeVar("T", int, float)


def _flag(name: str) -> bool:
    return os.environ.get(name, "").lower() in {"1", "true", "yes", "on"}


def _stop(message: str) -> NoReturn:
    sys.stderr.write(f"Error: {message}\n")
    sys.exit(2)


def _number(name: str, default: str, kind: Callable[[str], T]) -> T:
    text = os.environ.get(name, default)
    try:
        return kind(text)
    except ValueError:
        _stop(f"{name} must be a number, not {text!r}.")


def _numbers(name: str, default: str) -> list[float]:
    parts = os.environ.get(name, default).replace(" ", "").split(",")
    try:
        return [float(part) for part in parts if part]
    except ValueError:
        _stop(f"{name} must be numbers with commas between.")


def _words(name: str, default: str = "") -> list[str]:
    return [part for part in os.environ.get(name, default).replace(" ", "").split(",") if part]


def _count(name: str, default: str) -> int:
    found = _number(name, default, int)
    if found < 0:
        _stop(f"{name} must not be negative.")
    return found


def _choice(name: str, choices: tuple[str, ...]) -> str:
    """One of these; the first where nothing is set."""
    found = os.environ.get(name) or choices[0]
    if found not in choices:
        _stop(f"{name} must be one of {', '.join(choices)}, not {found!r}.")
    return found


def _networks(name: str) -> list[IPv4Network | IPv6Network]:
    found = []
    for word in _words(name):
        try:
            found.append(ip_network(word))
        except ValueError:
            _stop(f"{name} must be networks with commas between, like 10.0.0.0/8,2001:db8::/32; {word!r} is not one.")
    return found


def _database() -> dict[str, object]:
    options: dict[str, object] = {"application_name": "kitloop", "connect_timeout": 3}
    url = os.environ.get("DATABASE_URL")
    if not url:
        return {"OPTIONS": options, "NAME": "kitloop", "USER": "kitloop", "HOST": str(postgres.cluster().sockets)}
    if not url.startswith(("postgres://", "postgresql://")):
        _stop("DATABASE_URL must begin with postgresql:// (Kitloop needs PostgreSQL 15 or newer).")
    try:
        given = conninfo_to_dict(url)  # as PostgreSQL's own programs read it
    except psycopg.Error:  # its words may quote the password
        _stop("DATABASE_URL can't be read. Its form: postgresql://user:password@host:5432/name?sslmode=require")
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    ours = {key: str(given.pop(name, "")) for key, name in names.items()}
    return {**ours, "OPTIONS": {**options, **given}}


DATA = data.data_folder()
SECRET_KEY = data.django_secret()
DEBUG = False
ALLOWED_HOSTS = _words("KITLOOP_ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
EMBEDDED_POSTGRES = not os.environ.get("DATABASE_URL")

# --- Kitloop ---------------------------------------------------------------------------------------------------------
KITLOOP_URL = os.environ.get("KITLOOP_URL", "http://127.0.0.1:8000").rstrip("/")  # how others reach us, for links
KITLOOP_SEALING_KEYS = data.sealing_keys()
KITLOOP_SUPPORT_CONTACT = os.environ.get("KITLOOP_SUPPORT_CONTACT", "support@example.org")
KITLOOP_SANDBOX = _flag("KITLOOP_SANDBOX")  # every order goes to the sandbox lab
KITLOOP_OBJECTS = data.private_folder(Path(os.environ.get("KITLOOP_OBJECTS") or DATA / "objects"))
KITLOOP_BUNDLE = Path(os.environ.get("KITLOOP_BUNDLE") or DATA / "demo" / "bundle")
KITLOOP_URL_SECONDS = _number("KITLOOP_URL_SECONDS", "3600", int)  # how long a signed file URL works
KITLOOP_INVITATION_DAYS = _number("KITLOOP_INVITATION_DAYS", "7", int)  # how long an invitation can be accepted
KITLOOP_REGISTRATION = _choice("KITLOOP_REGISTRATION", ("invited", "open"))  # who may make an account over the API
KITLOOP_ACCESS_TOKEN_MINUTES = _number("KITLOOP_ACCESS_TOKEN_MINUTES", "60", float)
KITLOOP_REFRESH_TOKEN_DAYS = _number("KITLOOP_REFRESH_TOKEN_DAYS", "7", float)  # how long a login by token goes on
KITLOOP_WEBHOOK_RETRY_SECONDS = _numbers(
    "KITLOOP_WEBHOOK_RETRY_SECONDS", "0,5,300,1800,7200,18000,36000,50400,72000,86400"
)
KITLOOP_WEBHOOK_TIMEOUT_SECONDS = _number("KITLOOP_WEBHOOK_TIMEOUT_SECONDS", "15", float)
KITLOOP_WEBHOOK_ALLOWED_NETWORKS = _words("KITLOOP_WEBHOOK_ALLOWED_NETWORKS")
KITLOOP_LAB_ALLOWED_NETWORKS = _words("KITLOOP_LAB_ALLOWED_NETWORKS", "127.0.0.0/8,::1/128")
KITLOOP_ANALYSIS_THREADS = _number("KITLOOP_ANALYSIS_THREADS", "1", int)
KITLOOP_TRUSTED_PROXIES = _networks("KITLOOP_TRUSTED_PROXIES")  # whose X-Forwarded-For and -Proto are believed
KITLOOP_REQUESTS_PER_MINUTE = _count("KITLOOP_REQUESTS_PER_MINUTE", "3000")  # of one key or user; 0: no limit
KITLOOP_ANONYMOUS_REQUESTS_PER_MINUTE = _count("KITLOOP_ANONYMOUS_REQUESTS_PER_MINUTE", "120")  # of one address
KITLOOP_AUDIT_DAYS = _count("KITLOOP_AUDIT_DAYS", "0")  # how long the audit log is kept; 0: for ever

# --- Django ----------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "drf_spectacular_sidecar",  # the scripts of /api/docs/; none is fetched from elsewhere
    "procrastinate.contrib.django",
    "kitloop.api",
    "kitloop.base",
    "kitloop.events",
    "kitloop.accounts",
    "kitloop.pipelines",
    "kitloop.projects",
    "kitloop.kits",
    "kitloop.labs",
    "kitloop.runs",
    "kitloop.webhooks",
    "kitloop.pages",
    "kitloop.dashboard",
    "kitloop.hosted",
    "kitloop.worker",
]
MIDDLEWARE = [
    "kitloop.base.requests.RequestIds",
    "kitloop.base.requests.ForwardedScheme",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "kitloop.base.requests.SecurityHeaders",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "kitloop.base.requests.KnownHost",
    "kitloop.config.maintenance.Maintenance",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "kitloop.config.urls"
WSGI_APPLICATION = "kitloop.config.wsgi.application"
APPEND_SLASH = False  # both forms answer by themselves; a redirect would turn a POST into a GET (contract §3)
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DATABASES = {
    "default": {
        "ENGINE": "kitloop.base.database",
        **_database(),
        # One connection for each thread, kept, and looked at before each request: one that died with a restarted server is
        # replaced at once. (A pool finds its dead one by one and pauses longer after each: 10 s of 503 were seen.)
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/"
SESSION_COOKIE_NAME = "kitloop_session"  # the lab and the shop run on the same host name on a laptop
CSRF_COOKIE_NAME = "kitloop_csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = KITLOOP_URL.startswith("https:")
SESSION_COOKIE_SAMESITE = "Lax"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
FILE_UPLOAD_TEMP_DIR = str(data.private_folder(KITLOOP_OBJECTS / ".uploads"))  # not /tmp: it is people's DNA
SECURE_HSTS_SECONDS = 63072000 if KITLOOP_URL.startswith("https:") else 0  # as recorded (contract §1)
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# By SMTP where a host is named; otherwise into files, to be read there.
_MAIL_BY = "smtp" if os.environ.get("KITLOOP_EMAIL_HOST") else "filebased"
EMAIL_BACKEND = os.environ.get("KITLOOP_EMAIL_BACKEND") or f"django.core.mail.backends.{_MAIL_BY}.EmailBackend"
EMAIL_FILE_PATH = str(data.private_folder(DATA / "mail"))
EMAIL_HOST = os.environ.get("KITLOOP_EMAIL_HOST", "localhost")
EMAIL_PORT = _number("KITLOOP_EMAIL_PORT", "25", int)
EMAIL_HOST_USER = os.environ.get("KITLOOP_EMAIL_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("KITLOOP_EMAIL_PASSWORD", "")
EMAIL_TIMEOUT = 15  # a mail server that hangs must not keep a worker
EMAIL_USE_TLS = _flag("KITLOOP_EMAIL_TLS")  # by STARTTLS
EMAIL_USE_SSL = _flag("KITLOOP_EMAIL_SSL")  # from the first byte, as on port 465
if EMAIL_USE_TLS and EMAIL_USE_SSL:
    _stop("KITLOOP_EMAIL_TLS and KITLOOP_EMAIL_SSL exclude each other: STARTTLS, or TLS from the first byte.")
DEFAULT_FROM_EMAIL = os.environ.get("KITLOOP_EMAIL_FROM", "kits@example.org")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "kitloop.api.authentication.ApiKeyAuthentication",
        "kitloop.api.authentication.TokenAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["kitloop.api.authentication.IsCaller"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "kitloop.api.parsing.StrictJSONParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_THROTTLE_CLASSES": ["kitloop.api.throttling.PerMinute"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "kitloop.api.negotiation.AlwaysJson",
    "DEFAULT_METADATA_CLASS": "kitloop.api.negotiation.Methods",
    "DEFAULT_SCHEMA_CLASS": "kitloop.api.description.schema.Described",
    "EXCEPTION_HANDLER": "kitloop.api.errors.answer",
    "UNAUTHENTICATED_USER": None,
}

SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=KITLOOP_ACCESS_TOKEN_MINUTES),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=KITLOOP_REFRESH_TOKEN_DAYS),
    # Not the secret itself: what else is signed with it must never be read as a login.
    "SIGNING_KEY": hmac.new(SECRET_KEY.encode(), b"kitloop.jwt", "sha256").hexdigest(),
}
OTP_TOTP_ISSUER = "Kitloop"

SPECTACULAR_SETTINGS = {"ENFORCE_NON_BLANK_FIELDS": True, "ENUM_GENERATE_CHOICE_DESCRIPTION": False}

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "tasks"
PROCRASTINATE_WORKER_DEFAULTS = {"update_heartbeat_interval": 1.0, "stalled_worker_timeout": 4.0}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {"without_tokens": {"()": "kitloop.base.logs.WithoutTokens"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["without_tokens"]}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("KITLOOP_LOG_LEVEL", "INFO")},
    "loggers": {
        # A job's arguments are ids only; what it returns is not for the log. Its info lines would be most of the log.
        "procrastinate": {"level": "WARNING"},
        "httpx2": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},  # a refused request is the client's to see, not a warning of ours
    },
}
