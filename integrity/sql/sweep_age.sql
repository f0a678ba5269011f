-- Seconds since the last complete check of everything ended.
SELECT coalesce(extract(epoch FROM now() - max(finished_at)), 'infinity')
FROM integrity_run
WHERE kind = 'check' AND scope = %(all)s AND state = 'succeeded' AND complete
