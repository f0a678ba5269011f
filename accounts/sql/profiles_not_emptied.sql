IF EXISTS (SELECT FROM public.accounts_user) THEN
    RAISE EXCEPTION 'users would be without a profile' USING
        ERRCODE = '23514', CONSTRAINT = 'accounts_user_has_a_profile', TABLE = 'accounts_profile';
END IF;
RETURN NULL;
