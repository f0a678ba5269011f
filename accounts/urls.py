"""The account pages, under allauth's names.

allauth's own URLs are not included: each of its pages that writes is replaced by one of ours,
and what isn't listed here can't be reached.
"""

from allauth.account import views as allauth_views
from django.urls import include, path, re_path

from accounts.views import (
    email,
    exporting,
    home,
    leaving,
    membership,
    passwords,
    plan,
    signup,
    verification,
    webhooks,
)

urlpatterns = [
    path("signup/", signup.SignupView.as_view(), name="account_signup"),
    path("login/", allauth_views.login, name="account_login"),
    path("logout/", allauth_views.logout, name="account_logout"),
    path("verify/", verification.sent, name="account_email_verification_sent"),
    path("verify/resend/", verification.resend, name="accounts_verify_resend"),
    path("verify/address/", verification.change_address, name="accounts_verify_address"),
    re_path(r"^verify/(?P<key>[-:\w]+)/$", verification.confirm, name="account_confirm_email"),
    path("password/", passwords.PasswordResetView.as_view(), name="account_reset_password"),
    path("password/sent/", allauth_views.password_reset_done, name="account_reset_password_done"),
    path(
        "password/done/",
        allauth_views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    re_path(
        r"^password/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        passwords.PasswordResetFromKeyView.as_view(),
        name="account_reset_password_from_key",
    ),
    path("account/", home.home, name="accounts_home"),
    path("account/news/", home.news, name="accounts_news"),
    path("account/email/", email.EmailView.as_view(), name="account_email"),
    path(
        "account/password/",
        passwords.PasswordChangeView.as_view(),
        name="account_change_password",
    ),
    path(
        "account/password/first/",
        passwords.PasswordSetView.as_view(),
        name="account_set_password",
    ),
    path("account/plan/", plan.plan, name="accounts_plan"),
    path("account/plan/buy/", plan.buy, name="accounts_plan_buy"),
    path("account/plan/cancel/", plan.cancel, name="accounts_plan_cancel"),
    path("account/plan/keep/", plan.keep, name="accounts_plan_keep"),
    path("account/export/", exporting.ExportView.as_view(), name="accounts_export"),
    path("account/export/download/", exporting.download, name="accounts_export_download"),
    path("account/delete/", leaving.DeleteView.as_view(), name="accounts_delete"),
    re_path(r"^leaving/(?P<token>[-:\w]+)/$", leaving.status, name="accounts_leaving"),
    re_path(r"^leaving/(?P<token>[-:\w]+)/stay/$", leaving.keep, name="accounts_staying"),
    path("account/partner/", membership.partner, name="accounts_partner"),
    path("account/partner/leave/", membership.go, name="accounts_leave_wedding"),
    path("account/partner/<uuid:uid>/again/", membership.again, name="accounts_invite_again"),
    path("account/partner/<uuid:uid>/withdraw/", membership.withdraw, name="accounts_withdraw"),
    path("join/<slug:token>/", membership.come, name="accounts_join"),
    path("account/again/", allauth_views.reauthenticate, name="account_reauthenticate"),
    path("account/closed/", allauth_views.account_inactive, name="account_inactive"),
    path("account/2fa/", include("allauth.mfa.urls")),
    path("webhooks/stripe/", webhooks.stripe, name="accounts_stripe_webhook"),
]
