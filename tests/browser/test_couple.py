"""A couple's way: from the front page to the first ticked task."""

import re

from playwright.sync_api import expect

from tests.browser.visitor import Visitor
from tests.factories import PASSWORD, CoupleFactory, OnboardedCoupleFactory

EMAIL = "ada@example.com"


def fill_in_sign_up(visitor: Visitor) -> None:
    visitor.open("/")
    visitor.look_around()
    visitor.follow("Start your plan")
    visitor.type(email=EMAIL, password1=PASSWORD)


def open_newest_mail(visitor: Visitor) -> None:
    visitor.follow("Read it here")
    visitor.sees("Mail of this demo")
    visitor.look_around()
    visitor.page.get_by_role("row").nth(1).get_by_role("link").click()
    visitor.sees("As text")


def follow_its_link(visitor: Visitor) -> None:
    """Without scripts the one in the text, else the button, as it is in a mail program."""
    text, html = visitor.page.locator("main"), visitor.page.frame_locator("iframe.mail")
    part = html if visitor.has_scripts else text
    part.locator("a[href*='/verify/']").first.click()
    visitor.sees("Is this your address?")


def tell_the_day(visitor: Visitor) -> None:
    visitor.sees("You two")
    visitor.type(name="Ada", partner_name="Grace", place="Oslo", date="2030-06-19")


def log_in(visitor: Visitor, user) -> None:
    visitor.open("/login/")
    visitor.type(login=user.email, password=PASSWORD)
    visitor.press("Log in")


def tick_and_take_it_back(visitor: Visitor) -> None:
    done = visitor.page.locator("#sum .figure")
    first = visitor.page.locator(".next .task-title").first.inner_text()
    visitor.press(f"Done: {first}")
    expect(done).to_have_text("1")
    expect(visitor.page.get_by_text("A milestone: the first task")).to_be_visible()
    if visitor.has_scripts:
        expect(visitor.page.locator("[data-tells]")).to_have_text(re.compile("^1 of .* done$"))
    visitor.look_around()
    visitor.page.locator("#done summary").click()
    visitor.press(f"Not done after all: {first}")
    expect(done).to_have_text("0")


def walk_the_whole_way(visitor: Visitor, deliver_mail) -> None:
    fill_in_sign_up(visitor)
    visitor.look_around()
    visitor.press("Create our account")
    visitor.sees("Check your mail")
    visitor.look_around()
    deliver_mail()
    open_newest_mail(visitor)
    visitor.look_around()
    follow_its_link(visitor)
    visitor.look_around()
    visitor.press("Yes, confirm it")
    tell_the_day(visitor)
    visitor.look_around()
    visitor.press("Continue")
    visitor.sees("What matters to you two?")
    visitor.choose("Music", "Flowers", "Ceremony")
    visitor.look_around()
    visitor.press("Continue")
    visitor.sees("Does this look right?")
    visitor.look_around()
    visitor.press("Finish and open our plan")
    visitor.is_at("/home/")
    visitor.sees("Ada & Grace")
    tick_and_take_it_back(visitor)


def test_signs_up_reads_its_mail_takes_three_steps_and_ticks_a_task(open_browser, deliver_mail):
    walk_the_whole_way(open_browser(), deliver_mail)


def test_does_all_of_it_without_scripts(open_browser, deliver_mail):
    walk_the_whole_way(open_browser(scripts=False), deliver_mail)


def test_stays_undisturbed_by_the_plans_script_where_a_page_has_no_sum(open_browser):
    couple = OnboardedCoupleFactory()
    ada = open_browser()
    settle = "document.body.dispatchEvent(new Event('htmx:afterSettle', { bubbles: true }))"
    ada.open("/login/")
    ada.page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p id=told>Hello</p>')")
    ada.page.evaluate(settle)
    expect(ada.page.locator("#told")).to_have_text("Hello")

    log_in(ada, couple)
    ada.is_at("/home/")
    ada.page.evaluate("document.getElementById('sum').remove()")
    ada.page.evaluate(settle)


def test_types_on_one_device_and_goes_on_where_it_stopped_on_another(open_browser):
    couple = CoupleFactory(address__verified=True)
    phone, laptop = open_browser(), open_browser()

    log_in(phone, couple)
    tell_the_day(phone)
    expect(phone.page.get_by_text("Kept as you type.")).to_be_visible()
    log_in(laptop, couple)
    expect(laptop.page.get_by_label("Your first name")).to_have_value("Ada")
    laptop.press("Continue")
    laptop.choose("Food")
    laptop.press("Save and finish later")
    laptop.sees("Your account")

    phone.follow("Everafter")
    phone.is_at("/start/2/")
    expect(phone.page.get_by_role("checkbox", name="Food")).to_be_checked()


def test_sends_no_draft_behind_its_answers(open_browser):
    ada, asked = open_browser(), []
    log_in(ada, CoupleFactory(address__verified=True))
    ada.sees("You two")
    ada.page.on("request", lambda request: asked.append(request))
    ada.page.clock.install()

    tell_the_day(ada)
    # As if the answer took its time.
    ada.page.evaluate("document.addEventListener('submit', (event) => event.preventDefault())")
    ada.press("Continue")
    ada.page.clock.run_for(10_000)

    expect(ada.page.get_by_role("button", name="Saving…")).to_be_visible()
    assert [request.url for request in asked if request.method == "POST"] == []


def test_goes_back_and_finds_what_it_typed(open_browser):
    ada = open_browser()
    log_in(ada, CoupleFactory(address__verified=True, profile__step=1))

    ada.sees("What matters to you two?")
    ada.choose("Food")
    ada.press("Back")
    ada.sees("You two")
    ada.type(partner_name="Somebody else")
    ada.press("Continue")

    expect(ada.page.get_by_role("checkbox", name="Food")).to_be_checked()
    ada.page.go_back()
    expect(ada.page.get_by_label("Your partner's first name")).to_have_value("Somebody else")


def test_cannot_skip_a_step_by_its_address(open_browser):
    ada = open_browser()
    log_in(ada, CoupleFactory(address__verified=True))

    for beyond in ("/start/2/", "/start/3/", "/home/", "/interests/"):
        ada.open(beyond)
        ada.is_at("/start/1/")


def test_is_told_what_to_mend_and_keeps_what_it_typed(open_browser):
    ada = open_browser()
    ada.open("/signup/")

    ada.type(email="ada at example", password1="short")
    ada.press("Create our account")

    expect(ada.page).to_have_title("Error: Sign up - Everafter")
    expect(ada.page.locator("#errors")).to_be_focused()
    expect(ada.page.get_by_label("E-mail address")).to_have_value("ada at example")
    ada.look_around()


def test_finds_every_other_page_in_order(open_browser):
    ada = open_browser()
    for path in ("/login/", "/password/", "/verify/no-such-key/"):
        ada.open(path)
        ada.look_around()

    log_in(ada, OnboardedCoupleFactory())

    ada.is_at("/home/")
    for path in ("/interests/", "/account/", "/account/email/", "/account/password/", "/logout/"):
        ada.open(path)
        ada.look_around()
