"""Local stand-ins of the vendors, for the demo and the tests. Nothing of the site imports them."""
