import time

from django.conf import settings

from integrity.outbox import effect
from tests.rounds import rounds_until


@effect("courier.parcel")
def deliver(message):
    """Note the parcel; stay at the door while there is a file named `hold`."""
    with (settings.FOLDER / "parcels").open("a") as notes:
        notes.write(f"{message.key} {message.attempts}\n")
    hold = settings.FOLDER / "hold"
    for _ in rounds_until(lambda: not hold.exists(), "leave to go", most=2400):
        time.sleep(0.05)
