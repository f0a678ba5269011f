from integrity.outbox import Permanent, effect


@effect("bare.note")
def deliver(message):
    if message.payload["refused"]:
        raise Permanent("nobody lives there")
