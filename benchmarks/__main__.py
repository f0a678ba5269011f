"""Run the benchmarks named on the command line, or all of them."""

import argparse
import os
from importlib import import_module
from pathlib import Path

import django

HERE = Path(__file__).parent
NOT_BENCHMARKS = {"__init__", "__main__", "measure", "couples"}


def names() -> list[str]:
    return sorted({path.stem for path in HERE.glob("*.py")} - NOT_BENCHMARKS)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*names(), []], metavar="NAME", default=[])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.conf import settings
    from django.db import connection

    # The doorbell is the broker's time, not ours.
    settings.INTEGRITY = settings.INTEGRITY | {"DOORBELL": "", "CHECK_DOORBELL": ""}
    usual = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        for name in options.names or names():
            import_module(f"benchmarks.{name}").run(rounds=options.rounds)
    finally:
        connection.creation.destroy_test_db(usual, verbosity=0)


if __name__ == "__main__":
    main()
