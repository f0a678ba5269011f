-- Two tabs that prune at once meet at this lock, and the second one counts what the first one left.
PERFORM FROM public.accounts_user WHERE id = subject FOR NO KEY UPDATE;
SELECT step, onboarded_at IS NOT NULL INTO reached, onboarded
FROM public.accounts_profile WHERE user_id = subject;
IF NOT FOUND THEN
    RETURN NULL;
END IF;
SELECT count(*) INTO chosen FROM public.onboarding_interest WHERE user_id = subject;
IF (reached >= 2 AND chosen = 0) OR (onboarded AND chosen < 3) OR chosen > 10 THEN
    RAISE EXCEPTION 'user % has % interests at step %', subject, chosen, reached USING
        ERRCODE = '23514', CONSTRAINT = 'onboarding_interests_count',
        TABLE = 'onboarding_interest',
        HINT = 'Call onboarding.interests.set_interests() in a flow.';
END IF;
RETURN NULL;
