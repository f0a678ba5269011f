"""Every process of one test shares its database, its queue and its folder."""
# ruff: noqa: F403, F405

import os
from pathlib import Path

from config import broker
from config.settings import *

FOLDER = Path(os.environ["COURIER_FOLDER"])
DATABASES["default"]["NAME"] = os.environ["COURIER_DATABASE"]
INSTALLED_APPS = [*INSTALLED_APPS, "tests.courier"]
CELERY_TASK_DEFAULT_QUEUE = FOLDER.name
CELERY_BROKER_TRANSPORT_OPTIONS = broker.transport_options(CELERY_BROKER_URL, folder=FOLDER)
# What a killed worker held is taken over after a second.
INTEGRITY = {**INTEGRITY, "OUTBOX_LEASE": 1.0}
