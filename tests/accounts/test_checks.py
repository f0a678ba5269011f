import pytest

from accounts.checks import check_vendors

NAMES = [
    "STRIPE_API_KEY",
    "STRIPE_PRICE",
    "STRIPE_WEBHOOK_SECRETS",
    "RESEND_SENDING_KEY",
    "RESEND_CONTACTS_KEY",
    "RESEND_SEGMENT",
    "SUPABASE_URL",
    "SUPABASE_SERVICE_KEY",
]


@pytest.fixture(autouse=True)
def unconfigured(settings):
    for name in NAMES:
        setattr(settings, name, "")


def problems():
    return [(problem.id, problem.msg) for problem in check_vendors()]


def test_no_vendor_is_needed():
    assert problems() == []


def test_all_of_them_are_fine(vendors, settings):
    settings.DEBUG = True

    assert problems() == []


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "STRIPE_API_KEY",
            "STRIPE_API_KEY is set, but STRIPE_PRICE and STRIPE_WEBHOOK_SECRETS is not.",
        ),
        ("STRIPE_PRICE", "STRIPE_PRICE is set, but STRIPE_API_KEY is not."),
        ("RESEND_SEGMENT", "RESEND_SEGMENT is set, but RESEND_CONTACTS_KEY is not."),
        ("SUPABASE_SERVICE_KEY", "SUPABASE_SERVICE_KEY is set, but SUPABASE_URL is not."),
    ],
)
def test_half_a_vendor_is_named(settings, name, told):
    setattr(settings, name, "something")

    assert problems() == [("accounts.E001", told)]


def test_one_key_of_resends_does_without_the_other(settings):
    settings.RESEND_SENDING_KEY = "re_1"

    assert problems() == []


@pytest.mark.parametrize(("debug", "found"), [(False, 1), (True, 0)])
def test_a_key_is_not_sent_in_the_clear(settings, debug, found):
    settings.DEBUG = debug
    settings.RESEND_API_URL = "http://api.resend.com"

    assert [id for id, _ in problems()] == ["accounts.E002"] * found
