"""What must hold of accounts, of what they pay, and of what vendors know of them."""

from accounts.invariants import (  # noqa: F401
    billing,
    comparing,
    contact,
    exports,
    identity,
    listing,
    membership,
    people,
)
