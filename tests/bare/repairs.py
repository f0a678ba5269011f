from django.db.models import TextField
from django.db.models.functions import Cast

from integrity.repair import ChangeRows, Kind, declare_repair, update

declare_repair(
    ChangeRows(
        "bare.give_notes_a_key",
        invariant="bare.every_note_has_a_key",
        kind=Kind.UPDATE,
        statement="Makes a key of the number.",
        rows=lambda: [update(key=Cast("pk", TextField()))],
    )
)
