"""A sign-up without the hashing of the password, against the same rows by other ways."""

from allauth.account.models import EmailAddress

from accounts.mail import render
from accounts.models import Member, Profile, User, Wedding, WeddingStats
from accounts.signup import sign_up
from benchmarks import couples
from benchmarks.measure import Cell, Size, compare
from integrity.audit import SYSTEM
from integrity.sealed import seal

COUNT = 200
TABLES = ("accounts_user", "accounts_profile", "accounts_weddingstats", "integrity_outboxmessage")


def run(size: Size) -> None:
    cells = [
        Cell("plain SQL, a statement a row, one transaction", _plain, COUNT, couples.clear),
        Cell(
            "Django create(), autocommit, no mail, unsafe",
            _autocommit,
            COUNT,
            couples.without_triggers,
            couples.with_triggers,
        ),
        Cell("sign_up()", _sign_up, COUNT, couples.clear),
        Cell("  of which: render and seal the mail", _render, COUNT),
    ]
    compare("Sign-up", cells, rounds=size.rounds)


def _plain() -> None:
    for _ in range(COUNT):
        couples.insert_with_mail()
    _expect_all(*TABLES)


def _autocommit() -> None:
    # With the triggers off: the database refuses to commit a couple piece by piece.
    for _ in range(COUNT):
        email = couples.address()
        user = User.objects.create(email=email)
        EmailAddress.objects.create(user=user, email=email, primary=True)
        Profile.objects.create(user=user, email=email)
        wedding = Wedding.objects.create()
        Member.objects.create(user=user, wedding=wedding)
        WeddingStats.objects.create(wedding=wedding)
    _expect_all(*TABLES[:3])


def _sign_up() -> None:
    for _ in range(COUNT):
        sign_up(email=couples.address(), password_hash="!", by=SYSTEM)
    _expect_all(*TABLES)


def _render() -> None:
    for _ in range(COUNT):
        address = couples.address()
        sealed = seal(render("verify", to=address, context={"link": f"https://{address}"}))
        assert len(sealed) > len(address)


def _expect_all(*tables: str) -> None:
    for table in tables:
        couples.expect(COUNT, table)
