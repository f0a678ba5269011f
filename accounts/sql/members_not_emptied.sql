IF EXISTS (SELECT FROM public.accounts_user WHERE kind = 'couple') THEN
    RAISE EXCEPTION 'couples would be without a wedding' USING
        ERRCODE = '23514', CONSTRAINT = 'accounts_couple_has_a_wedding', TABLE = 'accounts_member';
END IF;
IF EXISTS (SELECT FROM public.accounts_wedding WHERE status = 'open') THEN
    RAISE EXCEPTION 'open weddings would be without a member' USING
        ERRCODE = '23514', CONSTRAINT = 'accounts_open_wedding_has_a_member',
        TABLE = 'accounts_member';
END IF;
RETURN NULL;
