"""What people do on the account pages, in the words of the tests."""

from tests.factories import PASSWORD

SIGN_UP, WAITING, RESEND, OTHER_ADDRESS = (
    "/signup/",
    "/verify/",
    "/verify/resend/",
    "/verify/address/",
)
LOG_IN, ACCOUNT, EMAIL = "/login/", "/account/", "/account/email/"
FORGOTTEN, NEW_PASSWORD = "/password/", "/account/password/"
PARTNER = "/account/partner/"


def sign_up(client, email="ada@example.com", password=PASSWORD, **data):
    return client.post(SIGN_UP, {"email": email, "password1": password, **data})


def log_in(client, email="ada@example.com", password=PASSWORD, **data):
    return client.post(LOG_IN, {"login": email, "password": password, **data})


def press(client, mail):
    """Follow the link in a mail and press the button on the page."""
    form = client.get(mail.path).context["form"]
    return client.post(mail.path, {"operation": str(form["operation"].value())})


def is_logged_in(client):
    return client.get(ACCOUNT).status_code == 200
