-- Weddings that have reached a goal, by the same rule as `goals_met`, and no milestone says so.
SELECT stats.wedding_id
FROM accounts_weddingstats AS stats
CROSS JOIN unnest(%s::text[], %s::integer[]) AS goal (key, percent)
LEFT JOIN onboarding_milestone AS reached
    ON reached.wedding_id = stats.wedding_id AND reached.key = goal.key
WHERE stats.tasks_done >= 1
    AND stats.tasks_done >= (stats.tasks_total * goal.percent + 99) / 100
    AND reached.id IS NULL
