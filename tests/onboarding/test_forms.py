from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from onboarding.days import day_in
from onboarding.forms import FinishForm, InterestsForm, StepOneForm, StepTwoForm

ANSWERS = {
    "operation": "4a0d1c8e-7f43-4f4e-9f39-6e0b1a2b3c4d",
    "version": "2",
    "name": " Ada ",
    "partner_name": "Grace",
    "date": "2030-06-19",
    "place": "",
    "time_zone": "Europe/Oslo",
}


def one(**answers):
    form = StepOneForm(ANSWERS | answers)
    form.is_valid()
    return form


def two(*categories, **more):
    form = StepTwoForm({"version": "1", "categories": list(categories)} | more)
    form.is_valid()
    return form


def test_answers_leave_out_what_only_the_form_needs():
    answers = one().answers()
    assert answers["name"] == "Ada"
    assert set(answers) == set(ANSWERS) - {"operation", "version"} | {"date_undecided"}


@pytest.mark.parametrize(
    ("answer", "field", "message"),
    [
        ({"name": ""}, "name", "Enter your first name."),
        ({"name": "x" * 101}, "name", "at most 100"),
        ({"name": "A\0da"}, "name", "Null characters"),
        ({"name": "Ada\u202eecarG"}, "name", "invisible character"),
        ({"partner_name": "Gra\x07ce"}, "partner_name", "invisible character"),
        ({"place": "Os\u2066lo"}, "place", "invisible character"),
        ({"partner_name": " "}, "partner_name", "Enter your partner's"),
        ({"date": ""}, "date", "Enter the date, or say"),
        ({"date": "19.6."}, "date", "Enter a date such as"),
        ({"date_undecided": "on"}, "date", "Either there is a date"),
        ({"date": "1999-01-01"}, "date", "This day is over"),
        ({"date": "9999-12-31"}, "date", "more than ten years away"),
        ({"place": "x" * 201}, "place", "at most 200"),
        ({"time_zone": "Nowhere/Atlantis"}, "time_zone", "valid choice"),
        ({"version": ""}, "version", "too old to be saved"),
        ({"version": "9" * 20}, "version", "too old to be saved"),
        ({"operation": "no-uuid"}, "operation", "valid UUID"),
    ],
)
def test_an_answer_that_makes_no_sense_is_named(answer, field, message):
    form = one(**answer)
    assert list(form.errors) == [field]
    assert message in form.errors[field][0]


@pytest.mark.parametrize("zone", ["Pacific/Pago_Pago", "UTC", "Pacific/Kiritimati"])
def test_whether_a_day_is_over_depends_on_where_they_marry(zone):
    today = day_in(zone, at=timezone.now())
    assert one(date=today.isoformat(), time_zone=zone).is_valid()
    assert not one(date=(today - timedelta(days=1)).isoformat(), time_zone=zone).is_valid()


def test_the_farthest_day_is_ten_years_away():
    today = day_in("UTC", at=timezone.now())
    last = date(today.year + 10, today.month, min(today.day, 28))
    assert one(date=last.isoformat(), time_zone="UTC").is_valid()
    assert not one(date=(last + timedelta(days=31)).isoformat(), time_zone="UTC").is_valid()


@pytest.mark.parametrize("day", [date(2020, 6, 19), date(2090, 6, 19)])
def test_a_day_that_stays_as_it_is_is_not_refused(day):
    assert StepOneForm(ANSWERS | {"date": day.isoformat()}, initial={"date": day}).is_valid()


@pytest.mark.parametrize("joiner", ["\u200c", "\u200d"])
def test_joiners_are_letters_of_some_scripts(joiner):
    name = f"\u0645\u06cc{joiner}\u0646\u0627"
    assert one(name=name).answers()["name"] == name


def test_the_time_zone_may_be_left_out():
    assert one(time_zone="").answers()["time_zone"] == "UTC"


def test_the_same_answers_have_the_same_operation():
    assert one().operation_key() == one().operation_key()


@pytest.mark.parametrize("changed", [{"name": "Adele"}, {"version": "3"}, {"operation": uuid4()}])
def test_other_answers_under_an_old_id_are_another_operation(changed):
    assert one().operation_key() != one(**changed).operation_key()


def test_without_an_id_each_submission_is_its_own():
    assert one(operation="").operation_key() != one(operation="").operation_key()


def test_a_fresh_form_has_an_id_of_its_own():
    assert FinishForm()["operation"].value() != FinishForm()["operation"].value()


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ([], "Choose at least 3. You have chosen none."),
        (["music", "food"], "Choose at least 3. You have chosen 2."),
        (["music", "food", "dress", "venue", "guests", "flowers"], "You have chosen 6."),
        (["music", "food", "music"], "Chosen more than once: Music."),
        (["music", "food", "fireworks"], "There is no such interest: fireworks."),
    ],
)
def test_a_choice_that_makes_no_sense_is_named(chosen, message):
    assert message in two(*chosen).errors["categories"][0]


def test_options_carry_the_interest_itself():
    options = list(InterestsForm()["categories"])
    assert options[0].choice_label.label == "Music"
    assert options[0].choice_label.blurb


def test_what_was_typed_is_kept_even_if_it_makes_no_sense():
    typed = one(date="soon", name="A\0da", place="x" * 999).typed()
    assert typed["date"] == "soon"
    assert typed["name"] == "Ada"
    assert len(typed["place"]) == 200
    assert "operation" not in typed
    assert two(*["music"] * 50).typed() == {"categories": ["music"] * 10}
