"""Effects and sagas that do nothing: what the machinery itself costs. And a worker of them:

python -m benchmarks.nothing DATABASE
"""

import os
import sys

import django

from benchmarks.peers.orders import obey


def declare_sagas() -> None:
    """Once Django is set up."""
    from integrity.saga.definition import Local, Remote, saga

    def remote(number: int) -> Remote:
        return Remote(
            f"step_{number}", provider="nobody", run=nothing, undo=nothing, repeatable=True
        )

    for count in (1, 4):
        steps = tuple(map(remote, range(count)))
        saga(kind=f"benchmarks.remote_{count}", version=1, title="Nothing", steps=steps)
    local = tuple(Local(f"step_{number}", run=nothing) for number in range(4))
    saga(kind="benchmarks.local_4", version=1, title="Nothing", steps=local)


def nothing(at: object) -> None:
    pass


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.conf import settings
    from django.db import connection

    connection.settings_dict["NAME"] = sys.argv[1]
    settings.INTEGRITY = settings.INTEGRITY | {"SAGA_DOORBELL": "", "DOORBELL": ""}
    declare_sagas()
    from benchmarks.relay import deliver
    from integrity.saga.engine import run_due

    obey(
        {
            "sagas": lambda: run_due().taken,
            "messages": deliver,
        }
    )


if __name__ == "__main__":
    main()
