"""Facts to read and verbs to use; each verb is a function that the site and the commands call."""

from accounts.admin import billing, comparing, exports, listing, person, plan, users, weddings

__all__ = ["billing", "comparing", "exports", "listing", "person", "plan", "users", "weddings"]
