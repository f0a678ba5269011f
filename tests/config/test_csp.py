from django.http import HttpResponse

from config import csp

HEADER = "Content-Security-Policy"


def answer(rf, path):
    return csp.PolicyByPath(lambda request: HttpResponse())(rf.get(path))[HEADER]


def test_the_site_runs_its_own_files_only(rf):
    policy = answer(rf, "/signup/")
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_the_admin_alone_gets_what_its_look_needs(rf):
    policy = answer(rf, "/admin/")
    assert "script-src 'self' 'unsafe-eval'" in policy
    assert "style-src 'self' 'unsafe-inline'" in policy
    assert "unsafe" not in answer(rf, "/administration/")


def test_a_view_that_sets_its_own_policy_keeps_it(rf):
    def view(request):
        response = HttpResponse()
        response._csp_config = {"default-src": ["'none'"]}
        return response

    assert csp.PolicyByPath(view)(rf.get("/admin/"))[HEADER] == "default-src 'none'"


def test_a_form_may_lead_to_the_paying_page_and_nowhere_else():
    assert csp.site()["form-action"] == ["'self'"]
    assert csp.site(form_targets=["https://pay.example"])["form-action"] == [
        "'self'",
        "https://pay.example",
    ]
    assert csp.SITE["form-action"] == ["'self'"]
