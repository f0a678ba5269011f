"""How an account is deleted, held, and stays deleted."""
