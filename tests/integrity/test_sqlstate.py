import pytest
from django.db import Error, connection

from integrity.sqlstate import connection_lost

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("value", ["\0", object()], ids=["a NUL", "no type of PostgreSQL's"])
def test_what_the_driver_does_not_send_leaves_the_connection_as_it_was(value):
    with pytest.raises(Error) as refused, connection.cursor() as cursor:
        cursor.execute("SELECT %s", [value])

    assert not connection_lost(refused.value)


def test_a_session_that_has_ended_is_lost():
    with pytest.raises(Error) as lost, connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    connection.close()

    assert connection_lost(lost.value)


def test_a_server_that_says_nothing_is_lost():
    connection.ensure_connection()
    connection.connection.close()
    with pytest.raises(Error) as lost, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    connection.close()

    assert connection_lost(lost.value)
