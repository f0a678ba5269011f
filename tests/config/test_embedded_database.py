"""A start that was cut off halfway, or that somebody else has not finished yet."""

from config import embedded_postgres
from tests.config.test_embedded_postgres import query, root  # noqa: F401  (a fixture)

IS_THERE = "SELECT count(*) FROM pg_database WHERE datname = 'everafter'"


def test_a_server_that_was_left_without_our_database_gets_it(root):  # noqa: F811
    embedded_postgres.ensure(root)
    with embedded_postgres.connect(embedded_postgres.locate(root)) as connection:
        connection.execute("DROP DATABASE everafter")

    embedded_postgres.ensure(root)

    assert query(root, IS_THERE) == 1
