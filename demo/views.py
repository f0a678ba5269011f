"""Where to begin, and the mail that the demo has sent. Exists only where the demo is installed."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Kind, User
from demo import contents, faults, leavers, mailbox
from demo.seed import PASSWORD
from integrity.audit import Actor
from integrity.leases import AlreadyRunning

PAGE = 50
HTML_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'self'; sandbox allow-top-navigation-by-user-activation"
)


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    couples = User.objects.filter(kind=Kind.COUPLE).order_by("pk")
    context = {
        "is_demo": faults.is_demo(),
        "operator": faults.OPERATOR,
        "colleague": contents.COLLEAGUE,
        "faults": list(faults.with_findings()),
        "standing_still": leavers.standing_still(),
        "couple": couples.values_list("email", flat=True).first(),
        "password": PASSWORD,
    }
    return render(request, "demo/start.html", context)


@require_POST
def plant(request: HttpRequest) -> HttpResponse:
    if not faults.is_demo():
        raise Http404("Nothing is broken on purpose here.")
    try:
        faults.plant_and_find(by=Actor("system", "demo"))
    except AlreadyRunning:
        messages.info(request, "They are planted. A check is at work: reload in a moment.")
    else:
        messages.success(request, "They are planted, and a check has found them.")
    return redirect("demo_start")


@require_safe
def mail_list(request: HttpRequest) -> HttpResponse:
    mails = mailbox.newest_first()
    return render(request, "demo/mail_list.html", {"mails": mails[:PAGE], "count": len(mails)})


@require_safe
def mail_detail(request: HttpRequest, name: str) -> HttpResponse:
    return render(request, "demo/mail_detail.html", {"mail": _found(name)})


@require_safe
def mail_html(request: HttpRequest, name: str) -> HttpResponse:
    """What a mail program would show: no script, no form, nothing loaded from elsewhere.

    Its links leave the frame; no page of the site can be shown in one.
    """
    html = _found(name).html.replace("<head>", '<head><base target="_top">', 1)
    response = HttpResponse(html)
    response["Content-Security-Policy"] = HTML_POLICY
    response["X-Frame-Options"] = "SAMEORIGIN"
    return response


def _found(name: str) -> mailbox.Mail:
    mail = mailbox.find(name)
    if mail is None:
        raise Http404("No such mail.")
    return mail
