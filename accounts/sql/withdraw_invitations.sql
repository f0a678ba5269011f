UPDATE public.accounts_invitation SET state = 'withdrawn', email = '', ended_at = now()
WHERE wedding_id = subject AND state = 'waiting';
RETURN NULL;
