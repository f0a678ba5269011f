-- Sagas that need a person, by kind and what for. The condition is that of an index.
SELECT kind, attention AS why, count(*)
FROM integrity_saga WHERE state = 'attention'
GROUP BY kind, attention ORDER BY kind, attention
