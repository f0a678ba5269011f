from allauth.account.decorators import secure_admin_login
from django.apps import apps
from django.contrib import admin
from django.urls import include, path

from config.front import front

# One way in: the log-in limits and the second factor hold for operators, too.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

handler500 = "config.failures.server_error"
urlpatterns = [
    path("", front, name="front"),
    path("admin/", admin.site.urls),
    path("", include("accounts.urls")),
    path("", include("onboarding.urls")),
]

if apps.is_installed("demo"):
    urlpatterns.append(path("demo/", include("demo.urls")))
