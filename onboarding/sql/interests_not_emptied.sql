IF EXISTS (SELECT FROM public.accounts_profile WHERE step >= 2) THEN
    RAISE EXCEPTION 'couples would be without interests' USING
        ERRCODE = '23514', CONSTRAINT = 'onboarding_interests_count',
        TABLE = 'onboarding_interest';
END IF;
RETURN NULL;
