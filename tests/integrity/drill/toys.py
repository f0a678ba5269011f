"""Small writes, right and wrong, that show what the drill sees. Each wrong one is a real seed."""

import uuid
from dataclasses import dataclass, field

from django.db import connection
from django.db.transaction import atomic, on_commit

from integrity.drill.core import ALL, NOTHING, Answer, Scenario
from integrity.drill.interleave import Pair
from integrity.flows import claim_operation, flow

SCHEMA = """
CREATE TABLE toy_user (id bigserial PRIMARY KEY, email text UNIQUE);
CREATE TABLE toy_profile (user_id bigint PRIMARY KEY REFERENCES toy_user);
CREATE TABLE toy_mail (email text);
CREATE TABLE toy_interest (user_id bigint, name text, PRIMARY KEY (user_id, name));
CREATE TABLE toy_guest (email text);
CREATE TABLE toy_rival (email text UNIQUE);
"""
REMOVE = "DROP TABLE toy_user, toy_profile, toy_mail, toy_interest, toy_guest, toy_rival"
OLD, NEW, OTHER = ("a", "b", "c"), ("d", "e", "f"), ("g", "h", "i")


def run(sql, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


@dataclass
class Couple:
    email: str
    user: int = 0
    operation: str = field(default_factory=lambda: str(uuid.uuid4()))


def stranger():
    return Couple(f"{uuid.uuid4()}@example.com")


def no_invariants():
    return []


# Sign-up: a user, a profile and the mail that was promised.


def insert_user(email):
    return run("INSERT INTO toy_user (email) VALUES (%s) RETURNING id", email)[0][0]


def insert_profile(user):
    run("INSERT INTO toy_profile (user_id) VALUES (%s)", user)


def insert_mail(email):
    run("INSERT INTO toy_mail (email) VALUES (%s)", email)


@flow("toy.sign_up")
def sign_up(*, email, operation):
    claim_operation(operation)
    insert_profile(insert_user(email))
    insert_mail(email)


def three_autocommit_inserts(couple):
    insert_profile(insert_user(couple.email))
    insert_mail(couple.email)


def mail_in_on_commit(couple):
    with atomic():
        insert_profile(insert_user(couple.email))
        on_commit(lambda: insert_mail(couple.email))


def atomic_alone(couple):
    with atomic():
        insert_profile(insert_user(couple.email))
        insert_mail(couple.email)


def signed_up(couple):
    found = [
        run("SELECT count(*) FROM toy_user WHERE email = %s", couple.email)[0][0],
        run(
            "SELECT count(*) FROM toy_profile JOIN toy_user ON id = user_id WHERE email = %s",
            couple.email,
        )[0][0],
        run("SELECT count(*) FROM toy_mail WHERE email = %s", couple.email)[0][0],
    ]
    words = {(0, 0, 0): NOTHING, (1, 1, 1): ALL}
    return words.get(tuple(found), "{} users, {} profiles, {} mails".format(*found))


def signing_up(act):
    return Scenario(
        name=act.__name__,
        flows=(),
        setup=stranger,
        act=act,
        whole=signed_up,
        invariants=no_invariants,
    )


def sign_up_in_a_flow(couple):
    sign_up(email=couple.email, operation=couple.operation)


RIGHT_SIGN_UP = signing_up(sign_up_in_a_flow)


# Interests: a set replaced by another one.


def with_interests():
    couple = stranger()
    couple.user = insert_user(couple.email)
    upsert(couple.user, OLD)
    return couple


def upsert(user, names):
    for name in names:
        run("INSERT INTO toy_interest VALUES (%s, %s) ON CONFLICT DO NOTHING", user, name)


def prune(user, names):
    run("DELETE FROM toy_interest WHERE user_id = %s AND name <> ALL(%s)", user, list(names))


@flow("toy.replace")
def replace(*, user, names):
    run("SELECT 1 FROM toy_user WHERE id = %s FOR NO KEY UPDATE", user)
    upsert(user, names)
    prune(user, names)


@flow("toy.replace_unlocked")
def replace_unlocked(*, user, names):
    upsert(user, names)
    prune(user, names)


def delete_then_insert(couple):
    run("DELETE FROM toy_interest WHERE user_id = %s", couple.user)
    upsert(couple.user, NEW)


def interests(couple):
    rows = run("SELECT name FROM toy_interest WHERE user_id = %s ORDER BY name", couple.user)
    return tuple(name for (name,) in rows)


def replaced(couple):
    return {OLD: NOTHING, NEW: ALL}.get(interests(couple), f"interests {interests(couple)}")


def replacing(act):
    return Scenario(
        name=act.__name__,
        flows=(),
        setup=with_interests,
        act=act,
        whole=replaced,
        invariants=no_invariants,
    )


def replace_in_a_flow(couple):
    replace(user=couple.user, names=NEW)


RIGHT_REPLACE = replacing(replace_in_a_flow)


def two_tabs(flow_):
    return Pair(
        name=flow_.__name__,
        setup=with_interests,
        first=lambda couple: flow_(user=couple.user, names=NEW),
        second=lambda couple: flow_(user=couple.user, names=OTHER),
        verdict=one_of_the_two,
        invariants=no_invariants,
    )


def one_of_the_two(couple, first: Answer, second: Answer):
    return "" if interests(couple) in (NEW, OTHER) else f"interests {interests(couple)}"


# Rivals: the same guest twice.


def exists_then_insert(couple):
    if not run("SELECT 1 FROM toy_guest WHERE email = %s", couple.email):
        run("INSERT INTO toy_guest VALUES (%s)", couple.email)


def insert_unless_there(couple):
    run("INSERT INTO toy_rival VALUES (%s) ON CONFLICT DO NOTHING", couple.email)


def rivals(act, table):
    def verdict(couple, first, second):
        rows = run(f"SELECT 1 FROM {table} WHERE email = %s", couple.email)  # noqa: S608
        return "" if len(rows) == 1 else f"{len(rows)} rows"

    return Pair(
        name=act.__name__,
        setup=stranger,
        first=act,
        second=act,
        verdict=verdict,
        invariants=no_invariants,
    )
