"""A plan that can't be made: what it is asked for, or the declaration itself, doesn't work."""

import pytest
from django.db.models import F, Func, IntegerField
from django.db.models.functions import Cast

from integrity.models import RepairPlan
from integrity.repair.apply import apply
from integrity.repair.declare import repairs
from integrity.repair.errors import Refused
from integrity.repair.plan import NothingToRepair, plan_repair
from integrity.repair.trial import try_out
from tests.integrity.repair.conftest import ADA, planned
from tests.integrity.toy.models import Page

pytestmark = pytest.mark.django_db(transaction=True)


class TestADeclarationThatDoesNotWork:
    """`manage.py check` names most of it; what only the database knows is said when it is asked."""

    @pytest.fixture
    def copying(self, drifted_pages, authors):
        def declare(value):
            drifted_pages(copies={"email": value})
            authors(30, pages=True)

        return declare

    @pytest.mark.parametrize(
        ("value", "said"),
        [
            (F("adress"), "Cannot resolve keyword 'adress'"),
            (Func(F("email"), function="no_such_function"), "no_such_function"),
            (Cast("email", IntegerField()), 'invalid input syntax for type integer: "…"'),
        ],
    )
    def test_is_refused_with_what_is_wrong_and_without_any_value(self, copying, value, said):
        copying(value)

        with pytest.raises(Refused, match="Correct the declaration") as refused:
            plan_repair(repair="toy.copy_addresses", by=ADA)

        assert said in str(refused.value)
        assert "old" not in str(refused.value)
        assert not RepairPlan.objects.exists()

    @pytest.mark.parametrize("act", [apply, try_out])
    def test_is_said_of_a_plan_that_was_made_before(self, copying, act):
        copying(F("author__email"))
        plan = planned("toy.copy_addresses")
        repair = repairs.get("toy.copy_addresses")
        object.__setattr__(repair, "copies", {"email": F("adress")})

        with pytest.raises(Refused, match="Correct the declaration"):
            act(plan=plan.uid, by=ADA)
        assert Page.objects.filter(email="old").count() == 30


def test_no_subject_is_not_every_subject(missing_pages, authors):
    missing_pages()
    authors(3)

    with pytest.raises(NothingToRepair):
        plan_repair(repair="toy.make_pages", by=ADA, subjects=[])


@pytest.mark.parametrize("key", ["toy.page:1", "x", "toy.author:"])
def test_what_is_no_key_is_refused(missing_pages, authors, key):
    missing_pages()
    authors(1)

    with pytest.raises(Refused, match="is no key of"):
        plan_repair(repair="toy.make_pages", by=ADA, subjects=[key])
