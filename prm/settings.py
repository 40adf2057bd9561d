"""One settings file, driven by the environment; it fails loudly when something is missing."""

import os
from pathlib import Path
from typing import Any

import django_stubs_ext
from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _
from kombu import Exchange, Queue

from prm.embedded import addresses

django_stubs_ext.monkeypatch()  # forms and admins may name their model in their type

BASE_DIR = Path(__file__).resolve().parent.parent


def env(name: str, default: str = "") -> str:
    return os.environ.get(f"PRM_{name}", default)


def flag(name: str, default: bool = False) -> bool:
    return env(name, "1" if default else "0").lower() in ("1", "true", "yes", "on")


def words(name: str, default: str = "") -> list[str]:
    return [word for word in env(name, default).replace(",", " ").split() if word]


SECRET_KEY = addresses.secret("secret_key")
DEBUG = flag("DEBUG")
SECURE_SITE = flag("SECURE", default=bool(os.environ.get("DATABASE_URL")))  # served over HTTPS
DEMO = flag("DEMO")
ALLOWED_HOSTS = words("HOSTS", "localhost 127.0.0.1 [::1] testserver")
CSRF_TRUSTED_ORIGINS = words("ORIGINS")
PUBLIC_URL = (env("PUBLIC_URL") or addresses.served_at() or "http://localhost:8000").rstrip("/")

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "prm.kernel.tenancy",
    "prm.kernel.identity",
    "prm.kernel.audit",
    "prm.kernel.events",
    "prm.kernel.automation",
    "prm.kernel.reference",
    "prm.kernel.messages",
    "prm.kernel.ui",
    "partners",
    "dealreg",
    "incentives",
    "onboarding",
    "workflows",
    "integrations",
    "prm.admin.VendorAdminConfig",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_fsm",
    "django_htmx",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "prm.apps.PrmConfig",  # last: its post_migrate lays the wall over all the others
]

MIDDLEWARE = [
    "django.middleware.gzip.GZipMiddleware",  # outside WhiteNoise, for files not compressed ahead; pads against BREACH
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "prm.kernel.identity.middleware.RequestId",
    "prm.kernel.identity.middleware.SizeLimit",
    "prm.kernel.identity.middleware.PlainQuery",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",  # sign-in pages; inside, Acting knows the reader better
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "prm.kernel.identity.sessions.SessionLimits",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "prm.kernel.identity.middleware.Acting",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "prm.urls"
WSGI_APPLICATION = "prm.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "prm.kernel.ui.context.shell",
            ],
        },
    }
]

DATABASES: dict[str, Any] = {"default": addresses.database()}
if not os.environ.get("DATABASE_URL") or env("DB_PASSWORD_OWNER"):
    DATABASES["owner"] = addresses.database("owner")  # migrations and the wall; never serves
DATABASE_ROUTERS = ["prm.kernel.tenancy.router.OwnerMigrates"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": addresses.redis_url(),
        "KEY_PREFIX": "prm",
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},  # a frozen Redis must freeze nobody else
    }
}

# --- sign-in ---------------------------------------------------------------------------------
AUTH_USER_MODEL = "identity.Person"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_ADAPTER = "prm.kernel.identity.adapter.InvitationOnly"
ACCOUNT_FORMS = {
    "reset_password_from_key": "prm.kernel.identity.passwords.NewPasswordForm",
    "change_password": "prm.kernel.identity.passwords.OtherPasswordForm",
}
ACCOUNT_EMAIL_VERIFICATION = "none"  # an accepted invitation has proven the address
ACCOUNT_SESSION_REMEMBER = True  # for as long as a session lasts: SESSION_COOKIE_AGE at most
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_RATE_LIMITS = {"login_failed": "10/5m/key,100/h/ip", "reset_password": "5/h/key,20/h/ip"}
MFA_ADAPTER = "prm.kernel.identity.factors.EncryptedFactors"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "PRM"
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if flag("TRUST_PROXY") else 0  # else X-Forwarded-For is what anybody claims
USERSESSIONS_TRACK_ACTIVITY = False  # SessionLimits notes it, once a minute and not with every request
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 3600  # absolute
SESSION_IDLE_SECONDS = 2 * 3600
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SITE
SESSION_COOKIE_NAME = "__Host-session" if SECURE_SITE else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE_SITE else "csrf"
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"

# --- what a browser is told -------------------------------------------------------------------
SECURE_HSTS_SECONDS = 31_536_000 if SECURE_SITE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_SITE
SECURE_SSL_REDIRECT = flag("SSL_REDIRECT")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if flag("TRUST_PROXY") else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}

# --- languages and time -----------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("de", _("German"))]
LOCALE_PATHS = [BASE_DIR / "locale", BASE_DIR / "prm" / "kernel" / "locale"]
TIME_ZONE = "UTC"
USE_I18N = USE_TZ = True

# --- files ------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = addresses.var() / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(addresses.folder(addresses.current_kind()) / "files")},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG or not SECURE_SITE
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_SIZE = 20 * 1024 * 1024
LARGEST_REQUEST = FILE_UPLOAD_MAX_SIZE + 1024 * 1024  # the file and the form around it

# --- Celery: hints only -----------------------------------------------------------------------
CELERY_BROKER_URL = addresses.broker_url()
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 100
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 10, "socket_connect_timeout": 3, "max_retries": 0}
CELERY_TASK_PUBLISH_RETRY = False
# mail and calls to the world outside have queues of their own, so that a slow server holds back nothing else
# (with an exchange each: one for all would bring every hint to every queue)
CELERY_TASK_QUEUES = [Queue(name, Exchange(name), routing_key=name) for name in ("celery", "mail", "outside")]
CELERY_TASK_DEFAULT_QUEUE = "celery"
CELERY_TASK_ROUTES = {
    "prm.kernel.messages.tasks.deliver": {"queue": "mail"},
    "prm.kernel.identity.tasks.deliver_letters": {"queue": "mail"},
    "workflows.tasks.deliver": {"queue": "outside"},
    "dealreg.tasks.read_mail": {"queue": "outside"},
    "integrations.tasks.deliver": {"queue": "outside"},
}
CELERY_BEAT_SCHEDULE = {
    name: {"task": task, "schedule": seconds}
    for name, task, seconds in (
        ("relay", "prm.kernel.events.tasks.relay", 2.0),
        ("workflows", "workflows.tasks.work", 1.0),
        ("sweep", "workflows.tasks.sweep", 15.0),
        ("replays", "workflows.tasks.replays", 20.0),
        ("proposals", "workflows.tasks.proposals", 3600.0),
        ("messages", "prm.kernel.messages.tasks.deliver", 3.0),
        ("letters", "prm.kernel.identity.tasks.deliver_letters", 3.0),
        ("webhooks", "workflows.tasks.deliver", 3.0),
        ("sync", "integrations.tasks.deliver", 3.0),
        ("deals", "dealreg.tasks.keep_time", 60.0),
        ("words", "dealreg.tasks.count_words", 3600.0),
        ("keys", "dealreg.tasks.refresh_keys", 60.0),
        ("batches", "dealreg.tasks.carry_out_batches", 2.0),
        ("mailboxes", "dealreg.tasks.read_mail", 60.0),
        ("unconfirmed", "dealreg.tasks.tidy", 3600.0),
        ("idempotency", "prm.kernel.events.tasks.forget_keys", 3600.0),
        ("imports", "partners.tasks.bring_in", 10.0),
        ("audit", "prm.kernel.audit.tasks.seal", 5.0),
        ("analytics", "workflows.tasks.roll_up", 600.0),
        ("exports", "prm.kernel.ui.tasks.write_exports", 10.0),
        ("event-logs", "workflows.tasks.write_logs", 15.0),
    )
}

# --- mail -------------------------------------------------------------------------------------
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = env("SMTP_HOST", "127.0.0.1")
EMAIL_PORT = int(env("SMTP_PORT", "8025"))
EMAIL_HOST_USER = env("SMTP_USER")
EMAIL_HOST_PASSWORD = env("SMTP_PASSWORD")
EMAIL_USE_TLS = flag("SMTP_TLS")
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env("MAIL_FROM", "Partner portal <no-reply@prm.invalid>")

# --- API --------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["prm.kernel.identity.tokens.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["prm.kernel.api_defaults.HasRoles"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["prm.kernel.api_defaults.PlainJSON"],
    "DEFAULT_FILTER_BACKENDS": ["prm.kernel.api_defaults.Filters"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "prm.kernel.api_defaults.CursorPages",
    "DEFAULT_THROTTLE_CLASSES": ["prm.kernel.api_defaults.PerToken"],
    "DEFAULT_THROTTLE_RATES": {"api": "600/min", "submit": "60/min"},
    "EXCEPTION_HANDLER": "prm.kernel.api.handle",
    "UNAUTHENTICATED_USER": None,
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "PRM API",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "prm.kernel.api_document.complete",
    ],
    "ENUM_NAME_OVERRIDES": {"PipelineStage": "dealreg.models.PipelineStage"},
    "SWAGGER_UI_SETTINGS": {"persistAuthorization": False, "deepLinking": True},
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

# Hosts that webhooks may reach though they are private or without TLS: a developer's own machine, never production.
OUTGOING_HOSTS = words("OUTGOING_HOSTS")
OUTGOING_CA = env("OUTGOING_CA")  # a file of certificates to trust in place of the usual ones, for a company's own CA

API_DOCS_OPEN = flag("API_DOCS_OPEN", default=not SECURE_SITE)
METRICS_TOKEN = env("METRICS_TOKEN")  # without one there is no /metrics

# Which audience a path is for; everything else is the identity plane, with no tenant at all.
AUDIENCES = {"/portal/": "partner", "/console/": "vendor", "/admin/": "vendor", "/api/v1/": "token"}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "prm.logs.LineFormatter"}},
    "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["out"], "level": env("LOG_LEVEL", "WARNING")},
}
SILENCED_SYSTEM_CHECKS = ["admin.E408", "admin.E409", "fields.W342"]
