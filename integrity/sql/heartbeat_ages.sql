SELECT name AS process, extract(epoch FROM now() - at) FROM integrity_heartbeat ORDER BY name
