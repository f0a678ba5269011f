-- Where the primary is now: whatever was committed before `at` lies before `position`.
SELECT
    clock_timestamp() AS at,
    pg_current_wal_insert_lsn()::text AS position,
    system_identifier::text || '/' || current_database() AS identity,
    pg_postmaster_start_time() AS started
FROM pg_control_system()
