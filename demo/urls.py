from django.urls import path

from demo import views

urlpatterns = [
    path("mail/", views.mail_list, name="demo_mail"),
    path("mail/<slug:name>/", views.mail_detail, name="demo_mail_detail"),
    path("mail/<slug:name>/html/", views.mail_html, name="demo_mail_html"),
]
