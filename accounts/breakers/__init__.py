"""How the promises about accounts are broken on purpose."""

from accounts.breakers import (  # noqa: F401
    billing,
    exports,
    listing,
    membership,
    people,
    vendors,
)
