-- For how long the saga that has waited longest for a worker has been due, by kind.
SELECT kind, extract(epoch FROM now() - min(wake_at))
FROM integrity_saga
WHERE state IN ('running', 'compensating') AND wake_at <= now()
GROUP BY kind ORDER BY kind
