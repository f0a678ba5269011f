, {writes}, written AS (
    -- Follows `agreeing_changes`: the rows and their journal, in one statement.
    {written}
), journal AS (
    UPDATE integrity_plannedchange p SET state = 'applied', after = written.after
    FROM written
    WHERE p.plan_id = %s AND p.position > %s AND p.position <= %s
        AND p.position = written.position AND p.step = written.step
    RETURNING 1
)
SELECT (SELECT count(*) FROM journal), (SELECT count(*) FROM agreed)
