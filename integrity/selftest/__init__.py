"""Breakers: how to break each invariant on purpose. Imported by an app's `breakers.py`."""

from integrity.selftest.breaking import breaker, breakers, unguarded

__all__ = ["breaker", "breakers", "unguarded"]
