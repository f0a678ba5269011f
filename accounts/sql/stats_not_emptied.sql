IF EXISTS (SELECT FROM public.accounts_wedding) THEN
    RAISE EXCEPTION 'weddings would be without stats' USING
        ERRCODE = '23514', CONSTRAINT = 'accounts_wedding_has_stats',
        TABLE = 'accounts_weddingstats';
END IF;
RETURN NULL;
