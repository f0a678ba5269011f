import pytest
from django.core.mail import EmailMultiAlternatives

from demo import mailbox


@pytest.fixture(autouse=True)
def empty_mailbox(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def mail():
    text = "Confirm: http://localhost:8000/verify/abc/ <b>now</b>"
    message = EmailMultiAlternatives("Confirm", text, "hello@everafter.example", ["ada@x.io"])
    message.attach_alternative("<head></head><p style='color: red'>Confirm</p>", "text/html")
    mailbox.Backend().send_messages([message])
    return mailbox.newest_first()[0]


@pytest.mark.django_db
def test_an_empty_list_says_how_to_get_a_mail(client):
    assert b"No mail yet" in client.get("/demo/mail/").content


@pytest.mark.django_db
def test_the_list_leads_to_each_mail(client, mail):
    page = client.get("/demo/mail/").content.decode()
    assert f"/demo/mail/{mail.name}/" in page
    assert "ada@x.io" in page


@pytest.mark.django_db
def test_links_of_the_text_can_be_clicked_and_nothing_else_is_markup(client, mail):
    page = client.get(f"/demo/mail/{mail.name}/").content.decode()
    assert 'href="http://localhost:8000/verify/abc/"' in page
    assert "&lt;b&gt;now" in page


@pytest.mark.django_db
def test_the_html_part_is_shown_in_a_sandbox(client, mail):
    page = client.get(f"/demo/mail/{mail.name}/").content.decode()
    assert '<iframe sandbox="allow-top-navigation-by-user-activation" ' in page
    part = client.get(f"/demo/mail/{mail.name}/html/")
    assert "color: red" in part.content.decode()
    assert "default-src 'none'" in part["Content-Security-Policy"]
    assert "; sandbox allow-top-navigation" in part["Content-Security-Policy"]
    assert '<base target="_top">' in part.content.decode()
    assert part["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["nothing/", "nothing/html/", "..%2fkeys/"])
def test_a_mail_that_is_not_there_is_not_found(client, path):
    assert client.get(f"/demo/mail/{path}").status_code == 404
