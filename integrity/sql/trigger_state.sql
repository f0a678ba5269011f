-- What became of one promised trigger; `as promised` or stronger is fine.
SELECT CASE
    WHEN live.name IS NULL THEN 'missing'
    WHEN live.enabled = 'D' THEN 'switched off'
    WHEN live.fingerprint <> integrity_promisedtrigger.fingerprint
        THEN 'changed to ' || left(live.fingerprint, 12)
    WHEN position(live.enabled IN 'DROA')
        < position(integrity_promisedtrigger.enabled IN 'DROA') THEN 'weakened to ' || live.enabled
    ELSE 'as promised'
END
FROM (SELECT) AS one
LEFT JOIN ({live}) AS live
    ON live.table_name = integrity_promisedtrigger.table
    AND live.name = integrity_promisedtrigger.name
