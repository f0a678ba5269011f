-- For how long each provider that refuses everybody has done so.
SELECT provider, extract(epoch FROM now() - shut_at)
FROM integrity_providergate WHERE shut_until IS NOT NULL ORDER BY provider
