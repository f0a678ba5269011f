-- Sagas under way, by kind and state, counted up to a bound. The condition is that of an index.
SELECT kind, state, count(*) FROM (
    SELECT kind, state FROM integrity_saga WHERE finished_at IS NULL LIMIT %(counted)s
) AS under_way
GROUP BY kind, state ORDER BY kind, state
