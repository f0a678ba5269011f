-- What each declared invariant came to last. One descent of the index for each of them.
SELECT
    declared.name, last.severity, last.result, last.count, last.suspected, last.reason,
    last.seconds, last.rows, last.at, last.run_id
FROM unnest(%(names)s::text[]) AS declared (name)
CROSS JOIN LATERAL (
    SELECT * FROM integrity_runresult
    WHERE invariant = declared.name
    ORDER BY at DESC LIMIT 1
) AS last
