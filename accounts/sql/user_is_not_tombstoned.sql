IF EXISTS (SELECT FROM public.accounts_tombstone WHERE uid = NEW.uid) THEN
    RAISE EXCEPTION 'the account % was deleted for good', NEW.uid USING
        ERRCODE = '23514', CONSTRAINT = 'accounts_user_is_not_tombstoned', TABLE = 'accounts_user',
        HINT = 'Whoever comes back signs up anew, under another id.';
END IF;
RETURN NEW;
