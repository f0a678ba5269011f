from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import checks  # noqa: F401 - registers system checks
        from integrity import schedule

        # It compares once a day, and goes on within minutes where that stopped half-way.
        task = "accounts.tasks.compare"
        schedule.SEEDS["accounts: compare with Stripe's lists"] = (task, 300)
        task = "accounts.tasks.forget_invited"
        schedule.SEEDS["accounts: forget who was invited in vain"] = (task, 3600)
