, edited AS MATERIALIZED (
    -- Follows `journaled_chunk`.
    SELECT DISTINCT position FROM chunk
    FULL JOIN (SELECT position, step, true AS same FROM matching) AS matched
        USING (position, step)
    WHERE matched.same IS NULL
)
SELECT
    (SELECT count(*) FROM edited),
    (SELECT array_agg(position) FROM (SELECT * FROM edited ORDER BY position LIMIT %s) AS first)
