SELECT count(*) FROM (
    SELECT
    FROM (
        SELECT *, "table" AS table_name
        FROM integrity_plannedchange
        WHERE plan_id = %s AND position > %s AND position <= %s AND state = 'applied'
    ) AS c
    CROSS JOIN LATERAL {record}, c.key) AS k
    JOIN {table} AS t ON {same_key}
    WHERE {chosen}
    ORDER BY {order}
    FOR UPDATE OF t
) AS locked
