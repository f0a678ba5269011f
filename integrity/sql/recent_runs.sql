-- Runs that are active, or have ended within a day.
SELECT kind, state, count(*)
FROM integrity_run
WHERE finished_at IS NULL OR (finished_at > now() - interval '1 day')
GROUP BY kind, state
ORDER BY kind, state
