"""How many boundaries each scenario has. A change here is a statement more or less in a flow: is it
inside the transaction, and does the scenario's `whole` look at what it writes?"""

POINTS = {
    "cancel_email_change": 18,
    "change_unverified_email": 40,
    "complete_task": 44,
    "confirm_email, change": 30,
    "confirm_email, first": 24,
    "make_operator": 14,
    "deliver_due": 12,
    "finish": 34,
    "remind_of_account": 20,
    "remove_second_factor": 18,
    "reopen": 14,
    "replace_interests": 26,
    "request_email_change": 40,
    "request_password_reset": 22,
    "resend_verification": 30,
    "retry_dead_effects": 14,
    "save_step_one": 26,
    "save_step_two": 32,
    "save_step_two, again": 32,
    "send_mail": 10,
    "set_password": 24,
    "sign_up": 34,
    "sign_up_after_all": 34,
    "undo_task": 24,
}
