"""From an address that was typed to one that is proven, and from one to another."""
