"""Run the benchmarks named on the command line, or all of them."""

import argparse
import os
from importlib import import_module

import django

from benchmarks.population import STRIDE

# Those that need the same couples stand together.
NAMES = (
    *("checks", "sweep", "memory", "mending"),
    *("lifecycle", "pages", "relay", "sign_up", "triggers", "interests"),
    *("events", "usage"),
    *("queues", "sagas"),
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], metavar="NAME", default=[])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--users",
        type=_users,
        default=40_000,
        metavar="N",
        help=f"couples in the tables, rounded up to a multiple of {STRIDE:,}; 40,000 by default",
    )
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.conf import settings
    from django.db import connection

    from benchmarks.measure import Size

    # The doorbell is the broker's time, not ours.
    silent = dict.fromkeys(("DOORBELL", "CHECK_DOORBELL", "REPAIR_DOORBELL", "SAGA_DOORBELL"), "")
    settings.INTEGRITY = settings.INTEGRITY | silent
    usual = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        for name in options.names or NAMES:
            import_module(f"benchmarks.{name}").run(Size(options.rounds, options.users))
    finally:
        connection.creation.destroy_test_db(usual, verbosity=0)


def _users(text: str) -> int:
    return -(-int(text) // STRIDE) * STRIDE


if __name__ == "__main__":
    main()
