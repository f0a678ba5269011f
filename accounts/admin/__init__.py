"""Facts to read and verbs to use; each verb is a function that the site and the commands call."""

from accounts.admin import person, users, weddings

__all__ = ["person", "users", "weddings"]
