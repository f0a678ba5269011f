"""The steps of an export that are taken in our own database."""

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from typing import Any

from django.db.models import F
from django.db.models.functions import Now

from accounts.exporting.copies import LASTS, remove_exports
from accounts.exporting.file import Contents, write_file
from accounts.exporting.pieces import Writer, put_piece, read_piece, read_pieces
from accounts.exporting.vendors import COLUMNS, parts_of_vendors
from accounts.locks import hold_user, lock_weddings
from accounts.mail import enqueue_mail, link
from accounts.models import Export, ExportPiece, User, Wedding
from accounts.steps import user_of
from integrity.privacy import Part, Place, bite_of, exported_columns
from integrity.saga.context import At
from integrity.saga.definition import MORE, More
from integrity.saga.outcomes import RefusedForGood
from integrity.transactions import transaction_required

Kind = ExportPiece.Kind
# Rows at once: all that most couples have. Bytes of all of them, some hundred times as much as that.
BITE = 2000
MOST = 10 * 1024 * 1024
TOO_LARGE = f"there is more than {MOST // 1024 // 1024} MB of data"


@transaction_required
def begin(at: At) -> None:
    """What a person of ours gave up half-way goes."""
    user = _held(at)
    remove_exports(Export.objects.filter(user=user, ready_at=None))
    Export.objects.create(saga=at.saga, user=user)


@transaction_required
def give_up(at: At) -> None:
    """Nothing is kept of it, and whoever waits for it is told."""
    remove_exports(Export.objects.filter(pk=at.saga))
    user = User.objects.filter(uid=at.subject, is_active=True).first()
    if user is not None:
        _tell(user, "export_failed", at)


@transaction_required
def collect(at: At) -> dict[str, Any] | More:
    """Some rows; all of them at once where they are few. Nobody changes them meanwhile: every flow
    about this account or its wedding waits at these locks."""
    user = _held(at)
    lock_weddings(*Wedding.objects.filter(members__user=user).values_list("pk", flat=True))
    export = Export.objects.get(pk=at.saga)
    position, start = _where(export)
    bite = bite_of(user, limit=BITE, start=start)
    following = bite.next and [bite.next.table, bite.next.after]
    piece = {
        "at": at.now.isoformat(),
        "parts": [[part.name, part.title, part.rows] for part in bite.parts],
        "next": following,
    }
    _keep(export, position, json.dumps(piece, default=str).encode())
    return MORE if following else {"bites": position + 1}


@transaction_required
def write(at: At) -> dict[str, Any]:
    """The file appears as a whole, and takes the place of an older one."""
    user, writer = _held(at), Writer(export := Export.objects.get(pk=at.saga))
    of_vendors = parts_of_vendors(at)
    contents = Contents(
        columns=exported_columns() | {name: list(these) for name, these in COLUMNS.items()},
        parts=lambda: chain(_parts(export), of_vendors),
        made_at=at.now,
        collected=_times(export),
    )
    write_file(writer, contents)
    size = writer.finish()
    remove_exports(Export.objects.filter(user=user).exclude(pk=export.pk))
    ExportPiece.objects.filter(export=export, kind=Kind.ROWS).delete()
    Export.objects.filter(pk=export.pk).update(size=size, ready_at=Now(), expires_at=Now() + LASTS)
    _tell(user, "export_ready", at)
    return {"bytes": size}


def _held(at: At) -> User:
    """Once it is sealed, an account loses its rows bit by bit, and a copy would be partial."""
    user = hold_user(user_of(at))
    if not user.is_active:
        raise RefusedForGood("the account is closed")
    return user


def _where(export: Export) -> tuple[int, Place | None]:
    """Which piece is next, and where the last one stopped."""
    position = export.pieces.filter(kind=Kind.ROWS).count()
    last = read_piece(export, Kind.ROWS, position - 1) if position else None
    following = json.loads(last)["next"] if last else None
    return position, Place(*following) if following else None


def _keep(export: Export, position: int, content: bytes) -> None:
    if export.collected + len(content) > MOST:
        raise RefusedForGood(TOO_LARGE)
    put_piece(export, Kind.ROWS, position, content)
    Export.objects.filter(pk=export.pk).update(collected=F("collected") + len(content))


def _parts(export: Export) -> Iterator[Part]:
    for piece in _bites(export):
        for name, title, rows in piece["parts"]:
            yield Part(name, title, rows)


def _times(export: Export) -> tuple[datetime, datetime]:
    times = [datetime.fromisoformat(piece["at"]) for piece in _bites(export)]
    return times[0], times[-1]


def _bites(export: Export) -> Iterator[dict[str, Any]]:
    for content in read_pieces(export, Kind.ROWS):
        piece: dict[str, Any] = json.loads(content)
        yield piece


@transaction_required
def _tell(user: User, kind: str, at: At) -> None:
    context = {"link": link("accounts_export"), "days": LASTS.days}
    enqueue_mail(kind, to=user.email, key=f"{kind}:{at.saga}", context=context, about=user)
