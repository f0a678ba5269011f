"""Facts to read and verbs to use; each verb is a function that the site and the commands call."""

from accounts.admin import users, weddings

__all__ = ["users", "weddings"]
