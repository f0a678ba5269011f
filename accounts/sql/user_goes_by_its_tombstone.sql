IF NOT EXISTS (SELECT FROM public.accounts_tombstone WHERE uid = OLD.uid) THEN
    RAISE EXCEPTION 'the account % would go from here alone', OLD.uid USING
        ERRCODE = '23514', CONSTRAINT = 'accounts_user_goes_by_its_tombstone',
        TABLE = 'accounts_user',
        HINT = 'manage.py account delete: every vendor that knows the account forgets it, too.'
            ' An operator''s account is not deleted; take its groups away.';
END IF;
RETURN OLD;
