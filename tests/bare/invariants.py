from integrity.invariants import invariant
from integrity.models import OutboxMessage


@invariant("bare.every_note_has_a_key", statement="Every note has a key.")
def every_note_has_a_key():
    return OutboxMessage.objects.filter(effect="bare.note", key="")
