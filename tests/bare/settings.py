import json
import os
import sys
from importlib.abc import MetaPathFinder


class NotInstalled(MetaPathFinder):
    """What this site has and another project may not have."""

    names = frozenset(
        [
            "accounts",
            "allauth",
            "amqp",
            "celery",
            "config",
            "cryptography",
            "csp",
            "demo",
            "django_celery_beat",
            "environ",
            "kombu",
            "onboarding",
            "pgtrigger",
            "redis",
            "structlog",
            "unfold",
            "whitenoise",
        ]
    )

    def find_spec(self, fullname, path=None, target=None):
        if fullname.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"{fullname} is not installed", name=fullname)


sys.meta_path.insert(0, NotInstalled())

DATABASES = {"default": json.loads(os.environ["BARE_DATABASE"])}
INSTALLED_APPS = ["integrity", "tests.bare"]
SECRET_KEY = "bare"
USE_TZ = True
