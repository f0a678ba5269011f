from django.urls import path

from demo import vendor_views, views

urlpatterns = [
    path("", views.start, name="demo_start"),
    path("plant/", views.plant, name="demo_plant"),
    path("mail/", views.mail_list, name="demo_mail"),
    path("mail/<slug:name>/", views.mail_detail, name="demo_mail_detail"),
    path("mail/<slug:name>/html/", views.mail_html, name="demo_mail_html"),
    path("vendors/", vendor_views.vendor_list, name="demo_vendors"),
    path("vendors/switch/", vendor_views.switch, name="demo_switch"),
    path("vendors/leave/", vendor_views.leave, name="demo_leave"),
    path("vendors/<slug:name>/", vendor_views.vendor_detail, name="demo_vendor"),
    path("vendors/<slug:name>/<slug:verb>/", vendor_views.vendor_control, name="demo_vendor_do"),
]
