"""What only a couple asks for, and with their password once more."""

from typing import Any, cast

from django.http import HttpRequest
from django.shortcuts import redirect
from django.views.generic import FormView

from accounts.models import Kind, User


class PasswordAgainView(FormView):  # type: ignore[type-arg]
    """For a `PasswordAgainForm`. Who isn't logged in is sent away before, by a decorator."""

    @property
    def user(self) -> User:
        return cast(User, self.request.user)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if self.user.is_authenticated and self.user.kind != Kind.COUPLE:
            return redirect("accounts_home")
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"user": self.user}
