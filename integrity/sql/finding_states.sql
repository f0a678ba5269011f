-- Findings that are not resolved; a zero where there is none, so that no series comes and goes.
WITH counted AS (
    SELECT severity, state, count(*) AS value
    FROM integrity_finding WHERE state <> 'resolved'
    GROUP BY severity, state
)
SELECT named.word AS severity, states.state, coalesce(counted.value, 0)
FROM unnest(%(numbers)s::int[], %(words)s::text[]) AS named (number, word)
CROSS JOIN unnest(
    ARRAY['suspected', 'open', 'acknowledged', 'snoozed', 'false_positive']
) AS states (state)
LEFT JOIN counted ON counted.severity = named.number AND counted.state = states.state
ORDER BY named.number, states.state
