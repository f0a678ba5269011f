-- Who closes the wedding and who comes to it must meet at this lock.
SELECT status INTO its_status FROM public.accounts_wedding WHERE id = subject FOR NO KEY UPDATE;
IF its_status = 'closed' THEN
    RAISE EXCEPTION 'wedding % is closed', subject USING
        ERRCODE = '23514', CONSTRAINT = 'accounts_member_of_an_open_wedding',
        TABLE = 'accounts_member', HINT = 'Nobody plans a wedding that is closed.';
END IF;
-- There is no third place, so no other link may lead here any more.
IF (SELECT count(*) FROM public.accounts_member WHERE wedding_id = subject) >= 2 THEN
    UPDATE public.accounts_invitation SET state = 'withdrawn', email = '', ended_at = now()
    WHERE wedding_id = subject AND state = 'waiting';
END IF;
RETURN NULL;
