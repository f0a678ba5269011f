-- What every invariant's last look of each day counted, added up by how bad it is.
WITH last_of_day AS (
    SELECT DISTINCT ON (invariant, (at AT TIME ZONE 'UTC')::date)
        (at AT TIME ZONE 'UTC')::date AS day, severity, result, count
    FROM integrity_runresult
    WHERE at >= now() - %(days)s
    ORDER BY invariant, (at AT TIME ZONE 'UTC')::date, at DESC
)
SELECT
    day,
    coalesce(sum(count) FILTER (WHERE severity >= 3), 0)::bigint,
    coalesce(sum(count) FILTER (WHERE severity = 2), 0)::bigint,
    coalesce(sum(count) FILTER (WHERE severity = 1), 0)::bigint,
    count(*) FILTER (WHERE result = 'unknown')
FROM last_of_day
GROUP BY day
ORDER BY day
