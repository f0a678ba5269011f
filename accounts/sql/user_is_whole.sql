-- Who takes the last membership away and who makes the user a couple must meet at this lock.
SELECT kind INTO its_kind FROM public.accounts_user WHERE id = subject FOR NO KEY UPDATE;
IF NOT FOUND THEN
    RETURN NULL;
END IF;
IF NOT EXISTS (SELECT FROM public.accounts_profile WHERE user_id = subject) THEN
    RAISE EXCEPTION 'user % has no profile', subject USING
        ERRCODE = '23514', CONSTRAINT = 'accounts_user_has_a_profile', TABLE = 'accounts_user',
        HINT = 'A user and the profile are made, and removed, in one transaction.';
END IF;
IF its_kind = 'couple'
    AND NOT EXISTS (SELECT FROM public.accounts_member WHERE user_id = subject)
THEN
    RAISE EXCEPTION 'couple % has no wedding', subject USING
        ERRCODE = '23514', CONSTRAINT = 'accounts_couple_has_a_wedding', TABLE = 'accounts_user',
        HINT = 'Call accounts.signup.sign_up(); only operators are without a wedding.';
END IF;
RETURN NULL;
