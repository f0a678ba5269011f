-- Which tables were written, by what key, and which columns an update, or a trigger with it, changed.
SELECT "table", action, min(keys), array_agg(DISTINCT name) FILTER (WHERE name IS NOT NULL)
FROM (
    SELECT "table", action, ARRAY(SELECT jsonb_object_keys(key)) AS keys, changed.name
    FROM integrity_plannedchange LEFT JOIN LATERAL (
        SELECT image.key AS name FROM jsonb_each(before) AS image
        WHERE action = 'update' AND image.value IS DISTINCT FROM after -> image.key
    ) AS changed ON true
    WHERE plan_id = %s AND position > %s AND position <= %s AND state = 'applied'
) AS journal
GROUP BY 1, 2 ORDER BY 1, 2
