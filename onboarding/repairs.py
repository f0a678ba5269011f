"""How what couples do is mended, where it is clear what is right."""

from integrity.repair import PruneStale, Recount, declare_repair

declare_repair(
    Recount(
        "onboarding.recount_tasks",
        invariant="onboarding.stats_count_the_tasks",
        statement="Counts the wedding's tasks again.",
        lock_first="wedding",
    )
)
declare_repair(
    Recount(
        "onboarding.recount_done_tasks",
        invariant="onboarding.stats_count_the_done_tasks",
        statement="Counts the wedding's done tasks again.",
        lock_first="wedding",
    )
)
declare_repair(
    PruneStale(
        "onboarding.prune_stale_interests",
        invariant="onboarding.no_interest_is_stale",
        statement="Deletes the interest that the couple has replaced.",
        lock_first="user",
    )
)
