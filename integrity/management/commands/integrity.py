"""`manage.py integrity`: what must hold, whether it does, what was found, and what was done."""

from typing import Any

from integrity.invariants import problems
from integrity.management.verbs.alerting import AlertingVerbs
from integrity.management.verbs.checking import CheckingVerbs
from integrity.management.verbs.controlling import ControlVerbs
from integrity.management.verbs.doctoring import DoctorVerbs
from integrity.management.verbs.past import PastVerbs
from integrity.management.verbs.selftesting import SelftestVerbs
from integrity.management.verbs.triage import TriageVerbs


class Command(
    CheckingVerbs,
    TriageVerbs,
    PastVerbs,
    ControlVerbs,
    AlertingVerbs,
    DoctorVerbs,
    SelftestVerbs,
):
    help = "Check the invariants, judge what is found, and mend it. A check changes no data."

    def add_verbs(self) -> None:
        self.add_checking_verbs()
        self.add_triage_verbs()
        self.add_past_verbs()
        self.add_repair_verbs()
        self.add_control_verbs()
        self.add_alerting_verbs()
        self.add_doctor_verb()
        self.add_selftest_verbs()

    def check(self, *args: Any, **kwargs: Any) -> None:
        with problems.left_to_their_results():
            super().check(*args, **kwargs)
