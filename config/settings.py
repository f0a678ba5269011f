"""Settings, by topic. Everything that differs between machines comes from the environment."""

from pathlib import Path

from config import broker, csp, embedded_postgres, environment
from config.environment import flag, number, text, words
from config.logs import logging_config
from config.unfold import UNFOLD as UNFOLD

BASE_DIR = Path(__file__).resolve().parent.parent
env = environment.load(BASE_DIR / ".env")
DATA_DIR = environment.data_folder(BASE_DIR)

# Without DEBUG nothing is guessed: all that is missing is named at once.
DEBUG = env.bool("DEBUG", default=False)
if not DEBUG:
    environment.require_all()
keys = environment.development_keys(DATA_DIR) if DEBUG else {"secret_key": "", "seal_keys": []}

SECRET_KEY = text("SECRET_KEY", default=keys["secret_key"])
SEAL_KEYS = words("SEAL_KEYS") or keys["seal_keys"]
SITE_URL = text("SITE_URL", default="http://localhost:8000").rstrip("/")
ALLOWED_HOSTS = words("ALLOWED_HOSTS")

# Applications
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ADMIN_PATH = "/admin/"
# Said by a badge on every page of the admin.
ENVIRONMENT_NAME = text("ENVIRONMENT_NAME", default="demo" if DEBUG else "production")
INSTALLED_APPS = [
    "config",  # first: its templates win, and then those of accounts over allauth's
    "accounts",
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "pgtrigger",
    "django_celery_beat",
    "integrity",
    "onboarding",
]
if DEBUG:
    INSTALLED_APPS.append("demo")
MIDDLEWARE = [
    "config.request_id.RequestIdMiddleware",
    "config.health.Probes",  # before whatever refuses, redirects or remembers
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.csp.PolicyByPath",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "config.failures.HonestFailures",
    "accounts.middleware.LeavingFirst",
    "onboarding.middleware.WizardFirst",
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
            ]
        },
    }
]
USE_TZ = True
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = "config.formats"

# Database: DATABASE_URL, or in development the PostgreSQL that comes with the checkout.
DATABASES = {
    "default": environment.parsed("DATABASE_URL", lambda: env.db("DATABASE_URL"))
    if text("DATABASE_URL")
    else embedded_postgres.database_settings(BASE_DIR)
}
DATABASES["default"]["CONN_MAX_AGE"] = 0 if DEBUG else number("CONN_MAX_AGE", default=60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# Checks are read there, if there is one; everything else stays with the first.
if text("REPLICA_URL"):
    DATABASES["replica"] = environment.parsed("REPLICA_URL", lambda: env.db("REPLICA_URL"))
    DATABASES["replica"] |= {"TEST": {"MIRROR": "default"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# On the same connection as the writes: what a rolled-back attempt used up of a rate limit comes
# back with it.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "everafter_cache",
        "OPTIONS": {"MAX_ENTRIES": 200_000},
    }
}

# Accounts
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.EmailBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "onboarding_home"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "accounts.adapter.Adapter"
ACCOUNT_FORMS = {"signup": "accounts.forms.SignupForm", "login": "accounts.forms.LoginForm"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_CONFIRMATION_HMAC = True
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True
# How long a sign-up waits in its browser for the mail to be opened.
ACCOUNT_LOGIN_TIMEOUT = 60 * 60
# allauth's own one writes while it checks a link.
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_DEFAULT_HTTP_PROTOCOL = SITE_URL.partition(":")[0]
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_RATE_LIMITS = {
    "signup": "20/m/ip",
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "reset_password": "20/m/ip,5/m/key",
    "manage_email": "10/m/user",
    "change_plan": "10/m/user",
    "leave": "20/m/ip",
    "export": "20/m/user",
    "invite": "10/m/user,40/d/user",
    "change_membership": "10/m/user",
}
ALLAUTH_TRUSTED_PROXY_COUNT = number("TRUSTED_PROXY_COUNT", default=0)
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Everafter"

# Times and limits are the defaults of integrity.conf.
demo_alerts = "operator@everafter.example" if DEBUG else ""
INTEGRITY = {
    "DOORBELL": "integrity.tasks.ring",
    "CHECK_DOORBELL": "integrity.tasks.ring_for_checks",
    "REPAIR_DOORBELL": "integrity.tasks.ring_for_repairs",
    "SAGA_DOORBELL": "integrity.tasks.ring_for_sagas",
    "SUBJECT_PAGES": "accounts.admin.person.pages_of",
    "SEAL_KEYS": SEAL_KEYS,
    "REPLICA": "replica" if "replica" in DATABASES else "",
    # Separated by spaces; `ops@example.com slack://...`. In the demo they are read at /demo/mail/.
    "ALERT_ADDRESSES": text("ALERT_ADDRESSES", default=demo_alerts).split(),
    "ALIVE_URL": text("ALIVE_URL"),
    "SITE_NAME": f"Everafter, {ENVIRONMENT_NAME}",
    "SITE_URL": SITE_URL,
}

# Background work. The broker may lose, double or delay a message.
CELERY_BROKER_URL = text("CELERY_BROKER_URL", default="filesystem://localhost")
CELERY_BROKER_TRANSPORT_OPTIONS = broker.transport_options(
    CELERY_BROKER_URL, folder=DATA_DIR / "broker"
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_TIMEOUT = 2.0
CELERY_TIMEZONE = "UTC"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_EXPIRES = None  # else beat adds a task that clears away results
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SOFT_TIME_LIMIT = 300
CELERY_TASK_TIME_LIMIT = 330
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BEAT_MAX_LOOP_INTERVAL = 2  # seconds until an edit counts, and until a stop is heard
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"

# Mail leaves through the outbox; this is where the relay hands it over.
if text("EMAIL_URL"):
    globals().update(environment.parsed("EMAIL_URL", lambda: env.email_url("EMAIL_URL")))
elif DEBUG:
    EMAIL_BACKEND = "demo.mailbox.Backend"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = text("DEFAULT_FROM_EMAIL", default="Everafter <hello@everafter.example>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# Vendors. One without its key has no client, and what needs it is not offered.
STRIPE_API_KEY = text("STRIPE_API_KEY")
STRIPE_API_URL = text("STRIPE_API_URL", default="https://api.stripe.com").rstrip("/")
STRIPE_API_VERSION = text("STRIPE_API_VERSION", default="2026-10-28.endive")
STRIPE_CHECKOUT_URL = text("STRIPE_CHECKOUT_URL", default="https://checkout.stripe.com")
STRIPE_PRICE = text("STRIPE_PRICE")
# Whoever bought at one of them keeps premium at that price.
STRIPE_FORMER_PRICES = words("STRIPE_FORMER_PRICES")
STRIPE_WEBHOOK_SECRETS = words("STRIPE_WEBHOOK_SECRETS")
RESEND_API_URL = text("RESEND_API_URL", default="https://api.resend.com").rstrip("/")
RESEND_SENDING_KEY = text("RESEND_SENDING_KEY")
RESEND_CONTACTS_KEY = text("RESEND_CONTACTS_KEY")
RESEND_SEGMENT = text("RESEND_SEGMENT")
SUPABASE_URL = text("SUPABASE_URL").rstrip("/")
SUPABASE_SERVICE_KEY = text("SUPABASE_SERVICE_KEY")

# Where the demo's stand-ins of the vendors are shown and broken.
STAND_INS_URL = text("STAND_INS_URL") if DEBUG else ""

# Stripe's events. Those of the other mode, test or live, are kept and ignored.
STRIPE_LIVEMODE = flag("STRIPE_LIVEMODE", default=not DEBUG)
# An event has the shape of its endpoint's version, whatever the SDK's is. This one is tested.
STRIPE_WEBHOOK_API_VERSION = text("STRIPE_WEBHOOK_API_VERSION", default="2026-07-29.dahlia")

# Static files
STATIC_URL = "static/"
STATIC_ROOT = None if DEBUG else text("STATIC_ROOT", default=str(BASE_DIR / "staticfiles"))
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# Security
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
SECURE_HSTS_SECONDS = 0 if DEBUG else number("HSTS_SECONDS", default=31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not DEBUG
# Only behind a proxy that sets the header itself: any client can send it.
if flag("TRUST_FORWARDED_PROTO", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CSRF_TRUSTED_ORIGINS = words("CSRF_TRUSTED_ORIGINS", default=SITE_URL)
X_FRAME_OPTIONS = "DENY"
# A form that leads to the page where people pay ends there, and the policy has to say so.
PAYING_PAGES = [STRIPE_CHECKOUT_URL] if STRIPE_API_KEY else []
CONTENT_SECURITY_POLICY = {"DIRECTIVES": csp.site(form_targets=PAYING_PAGES)}

# /metrics: closed without one of them, except in development.
METRICS_TOKEN = environment.token("METRICS_TOKEN")
METRICS_ADDRESSES = environment.networks("METRICS_ADDRESSES")

# Logging
LOGGING = logging_config(json=not DEBUG, level=text("LOG_LEVEL", default="INFO"))
