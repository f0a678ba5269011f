"""A couple at the wizard's pages, without scripts."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.urls import reverse

from tests.factories import CoupleFactory

ANSWERS = {
    "name": "Ada",
    "partner_name": "Grace",
    "date": "2030-06-19",
    "place": "Oslo",
    "time_zone": "Europe/Oslo",
}
CHOICE = {"categories": ["music", "venue", "guests"]}
HOME = "/home/"


def step(number):
    return reverse("onboarding_step", args=[number])


def draft(number):
    return reverse("onboarding_draft", args=[number])


class Browser:
    """Sends the hidden fields of the page that it shows, as a form does."""

    def __init__(self, client, user):
        self.client = client
        self.user = user
        client.force_login(user)
        self.page = None

    def open(self, number):
        self.page = self.client.get(step(number))
        return self.page

    def hidden(self):
        form = self.page.context["form"]
        return {name: str(form[name].value()) for name in ("operation", "version")}

    def submit(self, number, answers, *, to=step, **more):
        hidden = self.hidden()
        response = self.client.post(to(number), hidden | answers | more)
        if response.context and "form" in response.context:
            self.page = response
        return response


def at_step(client, done, **more):
    return Browser(client, CoupleFactory(profile__step=done, **more))


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


def as_sent(page):
    """What a browser sends when the page's form is submitted as it is."""
    form = re.search(r'<form method="post" action="/start.*?</form>', text(page)).group()
    sent = {}
    for tag in re.findall(r"<input[^>]+>", form):
        name, value = (re.search(rf'{attribute}="([^"]*)"', tag) for attribute in ("name", "value"))
        sent.setdefault(name.group(1), []).append(value.group(1) if value else "")
    return sent


@contextmanager
def refused(what, table, *, sqlstate="P0001") -> Iterator[None]:
    """PostgreSQL itself refuses every INSERT, or UPDATE, or DELETE, of a row."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{sqlstate}'; END $$"
        )
        cursor.execute(
            f"CREATE TRIGGER refuse BEFORE {what} ON {table} FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
        try:
            yield
        finally:
            cursor.execute(f"DROP TRIGGER refuse ON {table}")
