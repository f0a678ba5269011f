, whole AS MATERIALIZED (
    -- Follows `journaled_chunk`. A subject of which any row was edited since is left as it is.
    SELECT * FROM (
        SELECT compared.*, bool_and(same) OVER (PARTITION BY position) AS untouched FROM (
            SELECT chunk.*, matched.same IS NOT NULL AS same FROM chunk
            FULL JOIN (SELECT position, step, true AS same FROM matching) AS matched
                USING (position, step) OFFSET 0
        ) AS compared
    ) AS together WHERE untouched
), {writes}, written AS (
    {written}
), journal AS (
    UPDATE integrity_plannedchange p SET state = 'undone', error = ''
    FROM written
    WHERE p.plan_id = %s AND p.position > %s AND p.position <= %s
        AND p.position = written.position AND p.step = written.step
    RETURNING 1
)
SELECT (SELECT count(*) FROM journal), (SELECT count(*) FROM whole)
