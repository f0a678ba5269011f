INSERT INTO public.accounts_profile (user_id, email, email_verified, date_joined)
VALUES (NEW.id, NEW.email, is_verified, NEW.date_joined)
ON CONFLICT DO NOTHING;
IF NOT FOUND THEN
    -- A profile that was there before its user keeps what it has, and the conflict is counted.
    UPDATE public.accounts_profile
    SET email = NEW.email,
        email_verified = is_verified,
        sync_conflicts = sync_conflicts + (TG_OP = 'INSERT')::integer
    WHERE user_id = NEW.id
        AND (TG_OP = 'INSERT' OR (email, email_verified) <> (NEW.email, is_verified));
END IF;
RETURN NULL;
