-- Seconds since the oldest effect fell due, and since the oldest was given up.
SELECT 'pending' AS state, coalesce(greatest(extract(epoch FROM now() - min(available_at)), 0), 0)
FROM integrity_outboxmessage WHERE state = 'pending'
UNION ALL
SELECT 'dead', coalesce(extract(epoch FROM now() - min(dead_at)), 0)
FROM integrity_outboxmessage WHERE state = 'dead'
