-- What the journal of a chunk says, and which of its rows are as the repair left them.
WITH chunk AS MATERIALIZED (
    SELECT position, step, subject, key, before, after, action, "table" AS table_name
    FROM integrity_plannedchange
    WHERE plan_id = %s AND position > %s AND position <= %s AND state = 'applied'
), matching AS MATERIALIZED (
    {matching}
)
