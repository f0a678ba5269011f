"""Real workers, killed and frozen at any moment; the vendors' ledgers say what has come of it."""

# Seconds. A freeze is longer than the one, and much shorter than the other.
LEASE, QUIET = 1.5, 5.0
