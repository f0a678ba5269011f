-- Below, a lock is waited for and then what is there is read. A snapshot from before the lock would
-- hide what the rival committed, and PostgreSQL doesn't mind, because the locked row is unchanged.
IF current_setting('transaction_isolation') = 'repeatable read' THEN
    RAISE EXCEPTION '% can''t be written at REPEATABLE READ', TG_TABLE_NAME USING
        ERRCODE = '25001', TABLE = TG_TABLE_NAME,
        HINT = 'Write at READ COMMITTED, or let every writer use SERIALIZABLE.';
END IF;
