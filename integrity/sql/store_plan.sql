-- What a repair would do to each violating row now, numbered by the rows' keys.
WITH v AS MATERIALIZED (
    SELECT row_number() OVER (ORDER BY {pk}) AS position, jsonb_build_array({pk}) AS subject,
        r.*{drawn}
    FROM ({violating}) AS r
)
INSERT INTO integrity_plannedchange (
    plan_id, position, step, subject, "table", key, action, before, change, assigned, hash
)
SELECT %s, position, step, subject, table_name, key, action, before, change, assigned, {line}
FROM ({planned}) AS planned
ORDER BY position, step
