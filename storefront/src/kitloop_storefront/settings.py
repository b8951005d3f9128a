"""Django settings, read from the environment. `kitloop-shop` sets it from its options; nothing here writes to disk."""

import os
import secrets
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured


def env(name: str, default: str = "") -> str:
    return os.environ.get(f"KITLOOP_SHOP_{name}", default)


def seconds(name: str, default: float) -> float:
    try:
        return float(env(name) or default)
    except ValueError:
        raise ImproperlyConfigured(f"KITLOOP_SHOP_{name} must be a number of seconds.") from None


# The shop's own ----------------------------------------------------------------------------------------------------
DATA = Path(env("DATA") or Path(os.environ.get("KITLOOP_DATA") or ".kitloop") / "shop").absolute()
SHOP_NAME = env("NAME", "Kitloop Shop")
PUBLIC_URL = env("PUBLIC_URL").rstrip("/")
PLATFORM_URL = env("API", "https://api.gencove.com")
PLATFORM_KEY, PLATFORM_KEY_FILE = env("API_KEY"), env("API_KEY_FILE")
PROJECT_ID = env("PROJECT")
WEBHOOK_SECRET, WEBHOOK_SECRET_FILE = env("WEBHOOK_SECRET"), env("WEBHOOK_SECRET_FILE")
POLL_SECONDS = seconds("POLL_SECONDS", 3600)  # the guide asks for no more than one look an hour
TRACK_SECONDS = seconds("TRACK_SECONDS", 3600)
TEST_MODE = env("TEST_MODE").lower() in ("1", "true", "yes", "on")
CONSENT_VERSION = "2026-01"
ORDER_PREFIX = env("ORDER_PREFIX", "ORD")

# Django ------------------------------------------------------------------------------------------------------------
SECRET_KEY_FILE = DATA / "secret_key"  # made by data_folder.prepare(); without one, a key for this process only
SECRET_KEY = SECRET_KEY_FILE.read_text().strip() if SECRET_KEY_FILE.is_file() else secrets.token_urlsafe(50)
DEBUG = False
ROOT_URLCONF = "kitloop_storefront.urls"
WSGI_APPLICATION = "kitloop_storefront.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "kitloop_storefront.apps.Storefront",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "kitloop_storefront.headers.SafeHeaders",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
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
                "kitloop_storefront.pages.shell.about_the_shop",
            ],
        },
    },
]
FORM_RENDERER = "kitloop_storefront.forms.Renderer"

DATABASES = {
    "default": dj_database_url.parse(
        env("DATABASE_URL") or f"sqlite:///{DATA / 'shop.sqlite3'}", conn_max_age=600, conn_health_checks=True
    )
}
if "sqlite" in DATABASES["default"]["ENGINE"]:
    # FULL: an order is acknowledged only when it is on the disk. IMMEDIATE: two writers queue up, none fails half-way.
    DATABASES["default"]["OPTIONS"] = {
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
    }

AUTH_USER_MODEL = "shop.Customer"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "log-in"
LOGIN_REDIRECT_URL = "kits"
LOGOUT_REDIRECT_URL = "home"

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
DATETIME_FORMAT = "j F Y, H:i e"
DATE_FORMAT = "j F Y"

STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True  # the handful of files is served from the package: nothing to collect
WHITENOISE_MAX_AGE = 300

# Safety ------------------------------------------------------------------------------------------------------------
SECURE = PUBLIC_URL.startswith("https://")
ALLOWED_HOSTS = [
    *("localhost", "127.0.0.1", "[::1]"),
    *filter(None, [env("HOST"), urlsplit(PUBLIC_URL).hostname or "", *env("ALLOWED_HOSTS").split(",")]),
]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else []
CSRF_FAILURE_VIEW = "kitloop_storefront.pages.errors.csrf_failed"
# Own names: cookies ignore ports, and the platform's pages may live on the same host.
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "kitloop_shop_session", "kitloop_shop_csrf"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
SECURE_HSTS_SECONDS = 63_072_000 if SECURE else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
PASSWORD_RESET_TIMEOUT = 4 * 3600
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024

# E-mail: to files in the data folder and the console, or by SMTP as smtp://user:password@host:587/?tls=1 --------------
DEFAULT_FROM_EMAIL = env("EMAIL_FROM", "shop@example.com")
EMAIL_FILE_PATH = str(DATA / "mail")
EMAIL_BACKEND = "kitloop_storefront.mail.FileAndConsole"
if smtp := urlsplit(env("SMTP_URL")) if env("SMTP_URL") else None:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = smtp.hostname or "localhost", smtp.port or (465 if smtp.scheme == "smtps" else 587)
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(smtp.username or ""), unquote(smtp.password or "")
    EMAIL_USE_SSL = smtp.scheme == "smtps"
    EMAIL_USE_TLS = not EMAIL_USE_SSL and parse_qs(smtp.query).get("tls") == ["1"]
    EMAIL_TIMEOUT = 10

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {
        "kitloop_storefront": {"handlers": ["stderr"], "level": "INFO"},
        "kitloop_sdk": {"handlers": ["stderr"], "level": "WARNING"},
        "django": {"handlers": ["stderr"], "level": "WARNING"},
        "django.request": {"level": "ERROR"},  # its warnings are people's typing errors, with the page's address
    },
}
