-- Every trigger of ours that is installed now, and a hash of what it does.
SELECT
    class.relname::text AS table_name,
    trigger.tgname::text AS name,
    trigger.tgenabled::text AS enabled,
    pg_get_triggerdef(trigger.oid) AS definition,
    pg_get_functiondef(trigger.tgfoid) AS function,
    encode(sha256(convert_to(
        pg_get_triggerdef(trigger.oid) || chr(31) || pg_get_functiondef(trigger.tgfoid), 'UTF8'
    )), 'hex') AS fingerprint
FROM pg_trigger AS trigger
JOIN pg_class AS class ON class.oid = trigger.tgrelid
WHERE NOT trigger.tgisinternal
    AND trigger.tgparentid = 0
    AND class.relnamespace = current_schema()::regnamespace
