from django.apps import AppConfig, apps
from django.core.management import call_command
from django.db.models.signals import post_migrate


class ConfigConfig(AppConfig):
    """The site itself: its templates and static files, its commands, its upkeep."""

    name = "config"

    def ready(self) -> None:
        from config import celery  # noqa: F401  (@shared_task binds to this app)
        from integrity import schedule

        schedule.SEEDS["config: purge what has expired"] = ("config.tasks.purge_expired", 3600)
        # Django sends it for apps with models only; this one has none.
        post_migrate.connect(create_cache_table, sender=apps.get_app_config("sessions"))


def create_cache_table(*, using: str, **kwargs: object) -> None:
    """`migrate` alone makes a working site: nobody has to know of `createcachetable`."""
    call_command("createcachetable", database=using, verbosity=0)
