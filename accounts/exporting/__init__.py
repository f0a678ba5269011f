"""How somebody gets a copy of all that we have of them."""
