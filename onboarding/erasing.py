"""What a wedding that ends has here, taken away bit by bit."""

from accounts.leaving.erasing import BATCH, chunks
from accounts.models import Wedding
from integrity.transactions import transaction_required
from onboarding.checklist import count_again
from onboarding.models import Task


@transaction_required
def erase_some_tasks(wedding: Wedding) -> int:
    """The done ones first: so no milestone is reached by what goes."""
    some = (
        Task.objects.filter(wedding=wedding).order_by("status", "pk").values_list("pk", flat=True)
    )
    erased, _ = Task.objects.filter(pk__in=list(some[:BATCH])).delete()
    if erased:
        count_again(wedding)
    return erased


chunks.append(erase_some_tasks)
