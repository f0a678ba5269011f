"""Found by its name in each process: a worker freezes where it is told to, between its last look at
its lease and its call; or it lacks one of the engine's precautions."""

import os
import signal

from django.conf import settings

from integrity.saga import engine
from integrity.saga.held import Held
from tests.integrity.saga import mutants
from tests.storm.frozen import FROZEN, order

look_at_the_lease = Held.must_be_fresh


def freeze_where_told(held):
    look_at_the_lease(held)
    told, pid = order(settings.FOLDER, held.step.name), str(os.getpid())
    try:
        told.rename(settings.FOLDER / pid)  # one worker alone
    except FileNotFoundError:
        return
    (settings.FOLDER / pid).write_text(pid)
    (settings.FOLDER / pid).rename(settings.FOLDER / FROZEN)
    os.kill(os.getpid(), signal.SIGSTOP)


Held.must_be_fresh = freeze_where_told
if settings.WITHOUT == "fence":
    Held.write = mutants.without_the_fence
if settings.WITHOUT == "look back":
    engine.look_back = mutants.ended_without_a_look
