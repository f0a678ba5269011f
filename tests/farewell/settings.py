"""As the couriers' processes, with the log lines of production and quiet times that a test can await."""
# ruff: noqa: F403, F405

from config.logs import logging_config
from tests.courier.settings import *

LOGGING = logging_config(json=True, level="INFO")
INTEGRITY = {**INTEGRITY, "SAGA_QUIET": 0.5}
