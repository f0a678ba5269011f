"""One address, one spelling: ASCII local part, A-label domain, lower case."""

import re
import unicodedata

import idna
from django.core.exceptions import ValidationError
from django.db.models import F, Q, Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import LessThanOrEqual

MAX_LENGTH = 254
MAX_LOCAL_PART = 64

NOT_AN_ADDRESS = "Enter an e-mail address like name@example.com."
TOO_LONG = f"An e-mail address has at most {MAX_LENGTH} characters."

# Read alike by Python and by PostgreSQL. Without bounds like {1,64}: they make the latter thirty
# times slower, and every row is matched at each write and each check.
_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
_TOP_LEVEL = r"[a-z][a-z0-9-]*[a-z0-9]"
CANONICAL = rf"\A{_ATOM}(\.{_ATOM})*@({_LABEL}\.)+{_TOP_LEVEL}\Z"
# The same as a condition on a row, for the column `email`.
IS_CANONICAL = Q(email__regex=CANONICAL) & Q(
    LessThanOrEqual(StrIndex(F("email"), Value("@")), MAX_LOCAL_PART + 1)
)


def canonical_email(raw: str) -> str:
    """The only spelling under which an address is stored, compared and mailed to."""
    typed = raw.strip(" ")
    if " " in typed or not typed.isprintable():
        raise _invalid("An e-mail address has no spaces, line breaks or invisible characters.")
    if len(typed) > MAX_LENGTH:
        raise _invalid(TOO_LONG)
    local, _, domain = typed.rpartition("@")
    if not local or not domain:
        raise _invalid(NOT_AN_ADDRESS)
    return _checked(f"{_canonical_local_part(local)}@{_a_label(domain)}")


def _checked(email: str) -> str:
    if len(email) > MAX_LENGTH:
        raise _invalid(TOO_LONG)
    if not re.match(CANONICAL, email):
        raise _invalid(NOT_AN_ADDRESS)
    return email


def _canonical_local_part(local: str) -> str:
    # Lower-casing would turn a Kelvin sign into a k, and so one person's address into another's.
    if not local.isascii():
        raise _invalid("Before the @, only unaccented letters, digits and signs are possible.")
    if len(local) > MAX_LOCAL_PART:
        raise _invalid(f"The part before the @ is longer than {MAX_LOCAL_PART} characters.")
    return local.lower()


def _a_label(domain: str) -> str:
    composed = unicodedata.normalize("NFC", domain)
    if any(map(_passes_for_ascii, domain + composed)):
        raise _invalid("The part after the @ has a character that passes for another one.")
    try:
        return idna.encode(composed.lower(), strict=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        raise _invalid("The part after the @ is not the name of a domain.") from None


def _passes_for_ascii(character: str) -> bool:
    """True for what some software reads as an ASCII character: full-width letters, ligatures."""
    folded = unicodedata.normalize("NFKC", character.lower())
    return not character.isascii() and any(map(str.isascii, folded))


def _invalid(message: str) -> ValidationError:
    return ValidationError(message, code="invalid_email")
