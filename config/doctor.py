"""Examinations of the site around the accounts: settings, broker, static files, metrics."""

from celery import current_app
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.checks import WARNING, Tags, run_checks
from kombu.exceptions import OperationalError

from integrity.examinations import Outcome, examination, failed, ok, skipped

WITHIN = 2  # seconds
DEVELOPMENT = "DEBUG is on: this is a development profile"
SWITCH_OFF = "Set DEBUG=false, and what manage.py check asks for then."
FOR_INSTANCE = "css/site.css"


@examination("config.settings_are_for_production", "The settings pass Django's deployment checks.")
def settings_are_for_production() -> Outcome:
    if settings.DEBUG:
        return skipped(DEVELOPMENT, do=SWITCH_OFF)
    found = run_checks(tags=[Tags.security], include_deployment_checks=True)
    ids = sorted({str(each.id) for each in found if each.level >= WARNING})
    if ids:
        return failed(", ".join(ids), do="manage.py check --deploy")
    return ok("no warnings")


@examination("config.static_files_are_collected", "Styles and scripts are collected.")
def static_files_are_collected() -> Outcome:
    if settings.DEBUG:
        return skipped(DEVELOPMENT, do=SWITCH_OFF)
    try:
        return ok(staticfiles_storage.url(FOR_INSTANCE))
    except ValueError:
        what = f"{FOR_INSTANCE} is not among them"
        return failed(what, do="manage.py collectstatic --noinput, then restart web")


@examination("config.the_broker_answers", "The broker takes messages.")
def the_broker_answers() -> Outcome:
    """Its address holds a password, so it is not repeated."""
    with current_app.connection_for_write(connect_timeout=WITHIN) as connection:
        try:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=WITHIN)
        except (OperationalError, OSError) as error:
            return failed(
                f"no answer: {type(error).__name__}; promised effects wait, and none is lost",
                do="Start it, or correct CELERY_BROKER_URL.",
            )
        return ok(str(connection.transport.driver_type))


@examination("config.a_monitor_may_read_metrics", "A monitor may read /metrics.")
def a_monitor_may_read_metrics() -> Outcome:
    if settings.METRICS_TOKEN or settings.METRICS_ADDRESSES:
        return ok("by a token" if settings.METRICS_TOKEN else "from the addresses that are set")
    return skipped(
        "open to everybody in development" if settings.DEBUG else "closed to everybody",
        do="Set METRICS_TOKEN or METRICS_ADDRESSES.",
    )
