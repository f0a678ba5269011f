-- Hashes of hashes: the text of millions would not fit into one value. Behind OFFSET 0, hashes are
-- sorted instead of rows.
SELECT encode(sha256(coalesce(string_agg(block, '' ORDER BY number), '')), 'hex')
FROM (
    SELECT position / 10000 AS number, sha256(string_agg(line, '' ORDER BY position, step)) AS block
    FROM (
        SELECT position, step, {line} AS line
        FROM integrity_plannedchange
        WHERE plan_id = %s
        OFFSET 0
    ) AS lines
    GROUP BY 1
) AS blocks
