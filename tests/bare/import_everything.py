"""Import each module but the one that is for Celery; print their names."""
# ruff: noqa: T201

import pkgutil
from importlib import import_module

import django

django.setup()

import integrity  # noqa: E402

for module in pkgutil.walk_packages(integrity.__path__, "integrity."):
    if module.name != "integrity.tasks":
        import_module(module.name)
        print(module.name)
