-- How far a replica has come. `applied_at` is when the last commit that it knows was made.
SELECT
    system_identifier::text || '/' || current_database() AS identity,
    pg_postmaster_start_time() AS started,
    pg_is_in_recovery() AS replays,
    pg_last_wal_replay_lsn() >= %s::pg_lsn AS caught_up,
    pg_last_xact_replay_timestamp() AS applied_at
FROM pg_control_system()
