from django.apps import apps
from django.contrib import admin
from django.urls import include, path

from config import admin_site
from config.front import front

admin_site.compose()

handler500 = "config.failures.server_error"
urlpatterns = [
    path("", front, name="front"),
    path("admin/", admin.site.urls),
    path("", include("accounts.urls")),
    path("", include("onboarding.urls")),
]

if apps.is_installed("demo"):
    urlpatterns.append(path("demo/", include("demo.urls")))
