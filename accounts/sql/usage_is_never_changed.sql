RAISE EXCEPTION 'an entry of the ledger stays as it is: %', OLD.operation_key USING
    ERRCODE = '23514', CONSTRAINT = 'accounts_usageentry_is_never_changed',
    TABLE = 'accounts_usageentry', HINT = 'Correct it by another entry.';
