WITH resolved AS (
    -- After a complete look: what it has not seen is gone. Where it saw more than it could list,
    -- `clean` holds the findings that were asked for. A false positive is silent to its end.
    UPDATE integrity_finding SET
        state = 'resolved',
        resolution = CASE state WHEN 'suspected' THEN 'settled' ELSE 'gone' END,
        resolved_at = %(instant)s,
        until = NULL,
        regressed = false,
        version = version + 1
    WHERE invariant = ANY(%(names)s)
        AND state <> 'resolved'
        AND last_seen_at < %(instant)s
        AND NOT (state = 'false_positive' AND until > %(instant)s)
        AND (%(clean)s::bigint[] IS NULL OR id = ANY(%(clean)s::bigint[]))
    RETURNING resolution
)
SELECT count(*) FILTER (WHERE resolution = 'gone') FROM resolved
