-- Two members who leave at once meet at this lock, and the second one sees an empty wedding.
SELECT status INTO its_status FROM public.accounts_wedding WHERE id = subject FOR NO KEY UPDATE;
IF NOT FOUND THEN
    RETURN NULL;
END IF;
IF NOT EXISTS (SELECT FROM public.accounts_weddingstats WHERE wedding_id = subject) THEN
    RAISE EXCEPTION 'wedding % has no stats', subject USING
        ERRCODE = '23514', CONSTRAINT = 'accounts_wedding_has_stats', TABLE = 'accounts_wedding',
        HINT = 'A wedding and its stats are made, and removed, in one transaction.';
END IF;
IF its_status = 'open'
    AND NOT EXISTS (SELECT FROM public.accounts_member WHERE wedding_id = subject)
THEN
    RAISE EXCEPTION 'open wedding % has no member', subject USING
        ERRCODE = '23514', CONSTRAINT = 'accounts_open_wedding_has_a_member',
        TABLE = 'accounts_wedding',
        HINT = 'Close the wedding in the transaction in which the last member leaves.';
END IF;
RETURN NULL;
