"""How an account gets another address."""
