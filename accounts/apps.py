from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import checks  # noqa: F401 - registers system checks
        from integrity import schedule

        # It compares once a day, and goes on within minutes where that stopped half-way.
        task = "accounts.tasks.compare"
        schedule.SEEDS["accounts: compare with Stripe's lists"] = (task, 300)
        task = "accounts.tasks.compare_identities"
        schedule.SEEDS["accounts: compare with the provider's identities"] = (task, 300)
        task = "accounts.tasks.compare_contacts"
        schedule.SEEDS["accounts: compare with Resend's contacts"] = (task, 300)
        task = "accounts.tasks.forget_invited"
        schedule.SEEDS["accounts: forget who was invited in vain"] = (task, 3600)
        task = "accounts.tasks.forget_copies"
        schedule.SEEDS["accounts: forget copies whose week is over"] = (task, 3600)
