"""What to do about an invariant, on a page of the desk."""

import pytest

from tests.integrity.admin.desk import finding, operator, page, text

pytestmark = pytest.mark.django_db(transaction=True)
NAME = "toy.no_book_is_lost"
WHERE = page("invariant_runbook", NAME)


@pytest.fixture
def ann(client):
    client.force_login(operator("view_invariant", "view_finding"))


@pytest.fixture
def written(settings, tmp_path, lost_books):
    """Write the page of the toy invariant."""
    settings.BASE_DIR = tmp_path

    def write(markdown):
        lost_books()
        folder = tmp_path / "docs" / "runbook"
        folder.mkdir(parents=True)
        (folder / f"{NAME}.md").write_text(markdown)

    return write


def test_it_is_shown_as_it_is_written(client, ann, written):
    written(
        "# Lost\n\nLook **here**:\n\n- one\n\n1. two\n\n```sh\nmanage.py check\n```\n"
        "| a |\n|---|\n| b |\n"
    )
    answer = text(client.get(WHERE))
    for part in (
        "<h2>Lost</h2>",
        "<p>Look <strong>here</strong>:</p>",
        "<ul><li>one</li></ul>",
        "<ol><li>two</li></ol>",
        '<pre tabindex="0">manage.py check</pre>',
        '<tr><th scope="col">a</th></tr> <tr><td>b</td></tr>',
    ):
        assert part in answer


def test_it_leads_back_to_the_invariant(client, ann, written):
    written("# Lost")
    assert (
        f'<a href="{page("invariant_change", NAME)}">'
        in text(client.get(WHERE)).partition("<h2>Lost</h2>")[2]
    )


def test_no_mark_up_of_the_page_gets_through(client, ann, written):
    written(
        '<script>x</script> `<b>` **<i>** [<u>](https://e.example/?a=1&b="2") [no](javascript:x)'
    )
    answer = text(client.get(WHERE))
    for part in ("<script>x", "<b>", "<i>", "<u>", "javascript:x"):
        assert part not in answer
    assert 'href="https://e.example/?a=1&amp;b=&quot;2&quot;"' in answer


def test_a_link_to_another_page_leads_to_it(client, ann, written):
    written(f"[here]({NAME}.md) and [nowhere](README.md)")
    answer = text(client.get(WHERE))
    assert f'<p><a href="{WHERE}">here</a> and nowhere</p>' in answer


def test_one_that_lies_elsewhere_is_led_to(client, ann, declared, lost_books):
    lost_books(runbook="https://wiki.example.com/lost")
    assert client.get(WHERE)["Location"] == "https://wiki.example.com/lost"


def test_that_nobody_has_written_it_is_said(client, ann, lost_books, settings, tmp_path):
    settings.BASE_DIR = tmp_path
    lost_books()
    assert f"Nobody has written <code>docs/runbook/{NAME}.md</code> yet" in text(client.get(WHERE))


def test_invariant_and_finding_link_to_it(client, ann, lost_books):
    lost_books()
    found = finding(invariant=NAME)
    for place in (page("invariant_change", NAME), page("finding_change", found.pk)):
        assert f'href="{WHERE}"' in text(client.get(place))


def test_only_whoever_may_see_the_invariants_sees_it(client, lost_books):
    lost_books()
    client.force_login(operator("view_finding"))
    assert client.get(WHERE).status_code == 403
    client.force_login(operator("view_invariant"))
    assert client.get(page("invariant_runbook", "toy.nothing")).status_code == 404
