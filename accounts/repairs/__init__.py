"""How broken accounts are mended."""

from accounts.repairs import (  # noqa: F401
    comparing,
    exports,
    identity,
    leaving,
    listing,
    membership,
    people,
)
