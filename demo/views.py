"""The mail that the demo has sent. Exists only where the demo is installed."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from demo import mailbox

PAGE = 50
HTML_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'self'; sandbox allow-top-navigation-by-user-activation"
)


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
