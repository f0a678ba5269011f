"""A stand-in of the page on which Stripe takes the visitor's money."""

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import unquote

from accounts.simulators.asked import Answer, Asked

if TYPE_CHECKING:
    from accounts.simulators.stripe_subscriptions import Subscriptions

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Pay (demo)</title>
<style>
:root {{ color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }}
body {{ max-width: 26rem; margin: 3rem auto; padding: 0 1rem; }}
form {{ display: grid; gap: .75rem; margin: 1.5rem 0; }}
button {{ font: inherit; padding: .75rem; cursor: pointer; }}
.note {{ border-inline-start: .25rem solid; padding-inline-start: .75rem; }}
</style>
</head>
<body>
<h1>{title}</h1>
<p class="note">This page stands in for Stripe's. No card is asked for, no money moves.</p>
{body}
</body>
</html>
"""
FORM = """<p>{message}</p>
<form method="post">
<button name="with" value="good card">Pay {amount}</button>
<button name="with" value="declined card">Pay with a card that is declined</button>
</form>
<p><a href="{back}">Back without paying</a></p>
"""
OVER = "<p>Nothing is left to pay here. Go back to the site.</p>"
DECLINED = "Your card was declined. Nothing was charged; try another one."


def page(stripe: "Subscriptions", asked: Asked) -> Answer:
    session = stripe.state["sessions"].get(asked.segments[-1])
    if session is None or session["status"] != "open":
        return _html("This session is over", OVER)
    if asked.method != "POST":
        return _offer(stripe, session, "One subscription, until you cancel it.")
    if asked.form.get("with") != "good card":
        return _offer(stripe, session, DECLINED)
    stripe.pay(session["id"])
    # The SDK encodes the braces of the place that Stripe fills in.
    back = unquote(session["success_url"] or "/")
    return Answer(303, "", {"Location": back.replace("{CHECKOUT_SESSION_ID}", session["id"])})


def _offer(stripe: "Subscriptions", session: dict[str, str], message: str) -> Answer:
    price = stripe.state["prices"][stripe.state["baskets"][session["id"]]["price"]]
    amount = f"€{price['unit_amount'] / 100:.2f} a month"
    values = {"message": message, "amount": amount, "back": session["cancel_url"] or "/"}
    return _html("Pay", FORM.format(**{name: escape(text) for name, text in values.items()}))


def _html(title: str, body: str) -> Answer:
    return Answer(200, PAGE.format(title=escape(title), body=body), mimetype="text/html")
