-- Findings that wait for somebody, by invariant: now, and a week ago.
WITH counted AS (
    SELECT
        invariant,
        max(severity) AS severity,
        count(*) FILTER (WHERE state IN ('open', 'acknowledged')) AS count,
        count(*) FILTER (
            WHERE opened_at <= now() - %(week)s
                AND (resolved_at IS NULL OR resolved_at > now() - %(week)s)
                AND state NOT IN ('snoozed', 'false_positive')
        ) AS week_ago,
        min(opened_at) FILTER (WHERE state IN ('open', 'acknowledged')) AS oldest,
        count(*) FILTER (WHERE state = 'suspected') AS suspected,
        count(*) FILTER (WHERE regressed AND state IN ('open', 'acknowledged')) AS regressed
    FROM integrity_finding
    WHERE state <> 'resolved' OR resolved_at > now() - %(week)s
    GROUP BY invariant
)
SELECT invariant, severity, count, week_ago, oldest, suspected, regressed
FROM counted
WHERE count > 0 OR week_ago > 0 OR suspected > 0
ORDER BY (count > 0) DESC, severity DESC, count DESC, invariant
