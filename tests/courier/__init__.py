"""The site on the test database, as other processes run it, with an effect that a test can hold."""
