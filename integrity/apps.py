from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class IntegrityConfig(AppConfig):
    name = "integrity"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from integrity import (  # noqa: F401 - registers system checks and what follows a migrate
            checks,
            heartbeats,
            schedule,
            trigger_promises,
        )

        autodiscover_modules("invariants", "effects", "sagas", "repairs", "doctor", "personal_data")
