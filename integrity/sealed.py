"""Personal data in transit: encrypted while it waits, gone with its row."""

import json
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from integrity.conf import config


class UnreadableSeal(Exception):
    """No key of INTEGRITY["SEAL_KEYS"] opens this. Put the key it was sealed with back."""


def seal(content: Mapping[str, Any]) -> bytes:
    """Encrypt with the first of the seal keys (Fernet, 32 bytes url-safe base64)."""
    return bytes(_fernet().encrypt(json.dumps(content).encode()))


def unseal(token: bytes) -> dict[str, Any]:
    """Decrypt with any of the seal keys.

    Raises:
        UnreadableSeal: none of them fits.
    """
    from cryptography.fernet import InvalidToken

    try:
        content: dict[str, Any] = json.loads(_fernet().decrypt(token))
    except InvalidToken as error:
        raise UnreadableSeal(UnreadableSeal.__doc__) from error
    return content


def _fernet() -> Any:
    try:
        from cryptography.fernet import Fernet, MultiFernet
    except ImportError as error:
        raise ImproperlyConfigured(
            "Sealed effects need the extra: pip install everafter[sealed]"
        ) from error
    keys = config().seal_keys
    if not keys:
        raise ImproperlyConfigured('Set INTEGRITY["SEAL_KEYS"] to at least one Fernet key.')
    return MultiFernet([Fernet(key) for key in keys])
