-- Proven by another account, which is about to have it: see accounts.address_change.
IF EXISTS (
    SELECT FROM public.account_emailaddress
    WHERE email = NEW.email AND verified AND user_id <> NEW.id
) THEN
    RAISE EXCEPTION 'another account is about to have the address of %', NEW.uid USING
        ERRCODE = '23505', CONSTRAINT = 'accounts_user_email_key', TABLE = 'accounts_user';
END IF;
RETURN NEW;
