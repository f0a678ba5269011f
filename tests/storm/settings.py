"""As the couriers' processes, with leases that a test can outlive, and workers that may freeze."""
# ruff: noqa: F401, F403, F405

import httpx  # here, so that a child of a worker that is made anew has it
import stripe

from tests.courier.settings import *
from tests.storm import LEASE, QUIET

# Nobody cuts the server's power here.
DATABASES["default"]["OPTIONS"] = {"options": "-c synchronous_commit=off"}
INSTALLED_APPS = [*INSTALLED_APPS, "tests.storm"]
INTEGRITY = {**INTEGRITY, "SAGA_LEASE": LEASE, "SAGA_QUIET": QUIET}
WITHOUT = os.environ.get("STORM_WITHOUT", "")
