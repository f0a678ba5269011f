"""How alerts leave, and the sign of life for the watcher outside."""

import logging
from http.client import HTTPException
from urllib.request import urlopen

from django.db import connection
from django.utils import timezone

from integrity.addresses import addresses, send
from integrity.alert_text import compose
from integrity.alerts import ALIVE, EFFECT
from integrity.conf import config
from integrity.log import log_event
from integrity.models import Alert
from integrity.outbox import Message, Permanent, TryAgain, effect

logger = logging.getLogger(__name__)
PATIENCE = 10.0
_NOTE = """
UPDATE integrity_alert SET sent = sent || jsonb_build_object(%s::text, %s::text) WHERE uid = %s
"""


@effect(EFFECT)
def deliver_alert(message: Message) -> None:
    """Send one alert to one address, and note when. Who died in between sends it twice."""
    uid, label = message.payload["alert"], message.payload["to"]
    alert = Alert.objects.filter(uid=uid).first()
    address = next((each for each in addresses() if each.label == label), None)
    if alert is None or address is None:
        # It is told to no other: who set that one has a test alert for it.
        log_event(logger, logging.WARNING, "alert.dropped", alert=uid, to=label)
        return
    if label not in alert.sent:
        send(address, compose(alert))
        with connection.cursor() as cursor:
            cursor.execute(_NOTE, [label, f"{timezone.now():%Y-%m-%d %H:%M:%S}Z", uid])


@effect(ALIVE)
def deliver_sign_of_life(message: Message) -> None:
    """Ask for the watcher's page once; its absence is what raises the alarm there."""
    url = config().alive_url
    if not url:
        return
    if not url.startswith(("https://", "http://")):
        raise Permanent("ALIVE_URL is no web address")
    try:
        urlopen(url, timeout=PATIENCE).close()
    except (OSError, HTTPException, ValueError) as error:
        raise TryAgain(f"the watcher did not answer: {type(error).__name__}") from None
