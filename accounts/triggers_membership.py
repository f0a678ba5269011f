"""What the database does and refuses about who plans which wedding, whoever writes."""

import pgtrigger

from accounts.triggers import HardenedTrigger, after_a_lock, sql_body, update_of

INVITATION = [
    HardenedTrigger(
        name="invitation_leads_to_a_wedding",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | update_of("wedding_id", "state"),
        condition=pgtrigger.Condition("NEW.state = 'waiting'"),
        declare=[("its_status", "text")],
        func=after_a_lock(sql_body("invitation_leads_to_a_wedding")),
    ),
    HardenedTrigger(
        name="invitation_ends_once",
        when=pgtrigger.After,
        operation=update_of("wedding_id", "state", "token_hash"),
        condition=pgtrigger.Condition(
            "OLD.state <> 'waiting' AND ROW(NEW.wedding_id, NEW.state, NEW.token_hash)"
            " <> ROW(OLD.wedding_id, OLD.state, OLD.token_hash)"
        ),
        func=sql_body("invitation_ends_once"),
    ),
]
WEDDING = [
    HardenedTrigger(
        name="invitations_end_with_the_wedding",
        when=pgtrigger.After,
        operation=update_of("status"),
        condition=pgtrigger.Condition("NEW.status = 'closed'"),
        declare=[("subject", "bigint := NEW.id")],
        func=sql_body("withdraw_invitations"),
    ),
]
MEMBER = [
    HardenedTrigger(
        name="member_of_an_open_wedding",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | update_of("wedding_id"),
        declare=[("subject", "bigint := NEW.wedding_id"), ("its_status", "text")],
        func=after_a_lock(sql_body("member_of_an_open_wedding")),
    )
]
