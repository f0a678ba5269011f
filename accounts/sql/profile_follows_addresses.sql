FOR owner IN
    -- A rival that changes users.email holds this lock; after it, its COMMIT is seen.
    SELECT id, email FROM public.accounts_user
    WHERE id IN (OLD.user_id, NEW.user_id)
    ORDER BY id
    FOR NO KEY UPDATE
LOOP
    is_verified := EXISTS (
        SELECT FROM public.account_emailaddress
        WHERE user_id = owner.id AND email = owner.email AND "primary" AND verified
    );
    UPDATE public.accounts_profile SET email_verified = is_verified
    WHERE user_id = owner.id AND email_verified <> is_verified;
END LOOP;
RETURN NULL;
