-- The planned changes that the repair comes to again, as the CTE `agreed`.
-- A FULL JOIN is hashed or merged, behind OFFSET 0 also when nothing is expected of it: how many
-- rows a CTE has is a guess, and on a bad one the planner compares each row with each other.
WITH chunk AS MATERIALIZED (
    SELECT position, step, subject, key, before, change, assigned
    FROM integrity_plannedchange
    WHERE plan_id = %s AND position > %s AND position <= %s AND state = 'planned'
), v AS MATERIALIZED (
    SELECT jsonb_build_array({pk}) AS subject, r.* FROM ({violating}) AS r
), today AS MATERIALIZED (
    {planned}
), compared AS (
    SELECT subject, step, chunk.position, chunk.key, chunk.before, chunk.change, chunk.assigned,
        coalesce(today.change = chunk.change, false)
            AND today.before IS NOT DISTINCT FROM chunk.before AS agrees
    FROM chunk FULL JOIN today USING (subject, step) OFFSET 0
), agreed AS MATERIALIZED (
    {agreed}
)
