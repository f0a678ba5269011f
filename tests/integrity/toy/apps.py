from django.apps import AppConfig, apps


class ToyConfig(AppConfig):
    name = "tests.integrity.toy"
    label = "toy"
    default_auto_field = "django.db.models.BigAutoField"


def install():
    """Add the toy project to the apps, as if it were in INSTALLED_APPS; migrate makes its tables."""
    if ToyConfig.label not in apps.app_configs:
        config = AppConfig.create("tests.integrity.toy")
        config.apps = apps
        apps.app_configs[config.label] = config
        config.import_models()
        apps.clear_cache()
