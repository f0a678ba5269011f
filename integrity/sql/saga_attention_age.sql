-- For how long the oldest of those that need a person has, by kind and what for.
SELECT kind, attention AS why, extract(epoch FROM now() - min(updated_at))
FROM integrity_saga WHERE state = 'attention'
GROUP BY kind, attention ORDER BY kind, attention
