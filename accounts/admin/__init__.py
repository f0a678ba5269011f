"""Facts to read and verbs to use; each verb is a function that the site and the commands call."""

from accounts.admin import billing, person, users, weddings

__all__ = ["billing", "person", "users", "weddings"]
