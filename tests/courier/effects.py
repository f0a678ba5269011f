import time

from django.conf import settings

from integrity.outbox import effect


@effect("courier.parcel")
def deliver(message):
    """Note the parcel; stay at the door while there is a file named `hold`."""
    with (settings.FOLDER / "parcels").open("a") as notes:
        notes.write(f"{message.key} {message.attempts}\n")
    while (settings.FOLDER / "hold").exists():
        time.sleep(0.05)
