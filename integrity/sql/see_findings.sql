WITH violations AS (
    -- The violations of one invariant, as one snapshot showed them. What a later snapshot has
    -- seen, or seen gone, stays as that one left it. A silenced finding speaks again when its
    -- time is over.
    SELECT DISTINCT ON (fingerprint) *
    FROM (
        SELECT *, encode(sha256(convert_to(
            concat_ws(chr(31), %(invariant)s, subject, discriminator), 'UTF8'
        )), 'hex') AS fingerprint
        FROM unnest(
            %(subjects)s::text[], %(discriminators)s::text[], %(evidence)s::text[],
            %(suspected)s::boolean[]
        ) AS seen (subject, discriminator, evidence, suspected)
    ) AS fingerprinted
    ORDER BY fingerprint
), written AS (
    INSERT INTO integrity_finding AS known (
        invariant, subject, discriminator, fingerprint, state, severity, evidence,
        first_seen_at, present_since, last_seen_at, opened_at, first_run, last_run,
        occurrences, regressed, assignee, reason, resolution, version
    )
    SELECT
        %(invariant)s, subject, discriminator, fingerprint,
        CASE WHEN suspected THEN 'suspected' ELSE 'open' END, %(severity)s, evidence::jsonb,
        %(instant)s, %(instant)s, %(instant)s, CASE WHEN suspected THEN NULL ELSE %(instant)s END,
        %(run)s, %(run)s, 1, false, '', '', '', 0
    FROM violations
    ORDER BY fingerprint
    ON CONFLICT (fingerprint) DO UPDATE SET
        severity = excluded.severity,
        evidence = excluded.evidence,
        last_seen_at = excluded.last_seen_at,
        last_run = excluded.last_run,
        occurrences = known.occurrences + 1,
        state = CASE
            WHEN known.state = 'resolved' THEN excluded.state
            WHEN excluded.state = 'open'
                AND (known.state = 'suspected' OR known.until <= %(instant)s) THEN 'open'
            ELSE known.state
        END,
        opened_at = CASE
            WHEN excluded.state = 'open'
                AND (known.state IN ('suspected', 'resolved') OR known.until <= %(instant)s)
                THEN excluded.opened_at
            ELSE known.opened_at
        END,
        until = CASE
            WHEN excluded.state = 'open' AND known.until <= %(instant)s THEN NULL
            ELSE known.until
        END,
        present_since = CASE
            WHEN known.state = 'resolved' THEN excluded.present_since ELSE known.present_since
        END,
        regressed = known.regressed OR known.resolution = 'gone',
        regressed_at = CASE
            WHEN known.resolution = 'gone' THEN excluded.last_seen_at ELSE known.regressed_at
        END,
        resolved_at = NULL,
        resolution = '',
        version = known.version + CASE
            WHEN known.state IN ('suspected', 'resolved') OR known.until <= %(instant)s THEN 1
            ELSE 0
        END
    WHERE known.last_seen_at < excluded.last_seen_at
        AND (known.resolved_at IS NULL OR known.resolved_at < excluded.last_seen_at)
    RETURNING opened_at, regressed
)
SELECT
    count(*) FILTER (WHERE opened_at = %(instant)s AND NOT regressed),
    count(*) FILTER (WHERE opened_at = %(instant)s AND regressed)
FROM written
