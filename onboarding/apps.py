from django.apps import AppConfig


class OnboardingConfig(AppConfig):
    name = "onboarding"

    def ready(self) -> None:
        from onboarding import erasing  # noqa: F401 - registers what a wedding leaves behind
