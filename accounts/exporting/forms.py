"""The form of whoever wants a copy of their data. Asks for the password again: it is all of it."""

from accounts.forms import OperationField, PasswordAgainForm


class ExportForm(PasswordAgainForm):
    operation = OperationField()
