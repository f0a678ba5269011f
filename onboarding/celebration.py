"""The mail that goes out when a milestone is reached."""

from accounts.mail import enqueue_mail, link
from accounts.models import User, Wedding
from integrity.transactions import transaction_required
from onboarding.models import Milestone


@transaction_required
def celebrate(milestone: Milestone, *, wedding: Wedding) -> None:
    """Promise it to everyone whose wedding it is. Once-only is the milestone's row."""
    members = User.objects.filter(membership__wedding=wedding).select_related("profile")
    for user in members.order_by("pk"):
        enqueue_mail(
            "milestone",
            to=user.email,
            key=f"milestone:{wedding.uid}:{milestone.key}:{user.uid}",
            context={
                "name": user.profile.name,
                "title": milestone.title,
                "done": milestone.tasks_done,
                "total": milestone.tasks_total,
                "home_link": link("onboarding_home"),
            },
            about=user,
        )
