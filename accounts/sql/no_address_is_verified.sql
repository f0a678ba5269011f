UPDATE public.accounts_profile SET email_verified = false WHERE email_verified;
RETURN NULL;
