"""The pieces of an export: sealed, in order, and each in its place."""

import base64
from collections.abc import Iterator

from accounts.models import Export, ExportPiece
from integrity.sealed import UnreadableSeal, seal, unseal
from integrity.transactions import transaction_required

Kind = ExportPiece.Kind
# Bytes of the file in one row.
PIECE = 256 * 1024


@transaction_required
def put_piece(export: Export, kind: Kind, position: int, content: bytes) -> None:
    text = base64.b64encode(content).decode()
    sealed = seal({"of": _place(export, kind, position), "content": text})
    ExportPiece.objects.create(export=export, kind=kind, position=position, sealed=sealed)


def read_pieces(export: Export, kind: Kind) -> Iterator[bytes]:
    """One after the other, so that no more than one is held.

    Raises:
        UnreadableSeal
    """
    position = 0
    while (content := read_piece(export, kind, position)) is not None:
        yield content
        position += 1


def read_piece(export: Export, kind: Kind, position: int) -> bytes | None:
    """
    Raises:
        UnreadableSeal
    """
    row = ExportPiece.objects.filter(export=export, kind=kind, position=position).first()
    if row is None:
        return None
    opened = unseal(bytes(row.sealed))
    if opened.get("of") != _place(export, kind, position):
        # Moved here from another row; it opens, and is somebody else's.
        raise UnreadableSeal(UnreadableSeal.__doc__)
    return base64.b64decode(opened["content"])


class Writer:
    """A file that can't be sought in; what is written goes into rows as soon as it fills one."""

    def __init__(self, export: Export) -> None:
        self.export = export
        self.size = 0
        self._position = 0
        self._waiting = bytearray()

    def write(self, content: bytes) -> int:
        self._waiting += content
        self.size += len(content)
        while len(self._waiting) >= PIECE:
            self._put(PIECE)
        return len(content)

    def flush(self) -> None:
        """A row is written when it is full, and the last one at the end."""

    def finish(self) -> int:
        """The bytes of all of it."""
        if self._waiting:
            self._put(len(self._waiting))
        return self.size

    def _put(self, length: int) -> None:
        put_piece(self.export, Kind.FILE, self._position, bytes(self._waiting[:length]))
        del self._waiting[:length]
        self._position += 1


def _place(export: Export, kind: Kind, position: int) -> str:
    return f"{export.pk} {kind} {position}"
