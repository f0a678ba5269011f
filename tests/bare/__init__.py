"""Somebody else's project: Django, psycopg and `integrity`, and nothing else that can be imported."""
