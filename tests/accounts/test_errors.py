import pytest
from django.db import DataError, IntegrityError, OperationalError, ProgrammingError
from django.db.transaction import atomic

from accounts.errors import AccountError, CouplesSignUp, named_violation
from tests.database import execute
from tests.factories import OperatorFactory

TRIGGER = """
CREATE FUNCTION pgtrigger_take_care_0a1b2() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {body}
    RETURN NULL;
END;
$$;
CREATE TRIGGER take_care AFTER UPDATE ON accounts_user
    FOR EACH ROW EXECUTE FUNCTION pgtrigger_take_care_0a1b2()
"""


def test_an_error_says_what_to_do_next_unless_it_is_told_something_better():
    assert str(CouplesSignUp()).startswith("Call accounts.signup.sign_up()")
    assert str(CouplesSignUp("not here")) == "not here"
    assert str(AccountError()) == ""


@pytest.mark.django_db
class TestNamedViolation:
    def refusal(self, body: str, error: type[Exception]):
        OperatorFactory()
        execute("SET CONSTRAINTS ALL IMMEDIATE")
        execute(TRIGGER.format(body=body))
        with pytest.raises(error) as refused, atomic():
            execute("UPDATE accounts_user SET is_active = false")
        return named_violation(refused.value)

    def test_a_constraint_is_named(self):
        with pytest.raises(IntegrityError) as refused, atomic():
            execute("INSERT INTO accounts_user (email) VALUES ('Ada')")

        assert named_violation(refused.value) == "accounts_user_email_is_canonical"

    def test_a_trigger_that_names_a_constraint_is_named_by_it(self):
        body = "RAISE 'no' USING ERRCODE = '23514', CONSTRAINT = 'all_is_well';"

        assert self.refusal(body, IntegrityError) == "all_is_well"

    @pytest.mark.parametrize(
        ("body", "error"),
        [
            ("PERFORM 1 / 0;", DataError),
            ("PERFORM FROM nowhere;", ProgrammingError),
            ("RAISE 'boom';", Exception),
        ],
    )
    def test_a_trigger_that_fails_is_named(self, body, error):
        assert self.refusal(body, error) == "take_care"

    @pytest.mark.parametrize("state", ["40001", "40P01", "55P03", "57014"])
    def test_what_is_worth_another_try_has_no_name(self, state):
        body = f"RAISE 'busy' USING ERRCODE = '{state}', CONSTRAINT = 'any';"

        assert self.refusal(body, OperationalError) is None

    def test_an_error_outside_of_any_trigger_has_no_name(self):
        with pytest.raises(ProgrammingError) as failed, atomic():
            execute("SELECT FROM nowhere")

        assert named_violation(failed.value) is None

    def test_a_lost_connection_has_no_name(self):
        assert named_violation(OperationalError("the connection is closed")) is None
