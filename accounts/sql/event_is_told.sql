SELECT state INTO its_state FROM public.accounts_event WHERE stripe_id = its_id;
IF its_state = 'received' THEN
    RAISE EXCEPTION 'nothing became of event %', its_id USING
        ERRCODE = '23514', CONSTRAINT = 'accounts_event_is_decided', TABLE = 'accounts_event',
        HINT = 'The transaction that receives an event applies it, or says why not.';
END IF;
IF its_state = 'applied'
    AND NOT EXISTS (SELECT FROM public.accounts_eventchange WHERE event_id = its_id)
THEN
    RAISE EXCEPTION 'event % was applied and changed nothing', its_id USING
        ERRCODE = '23514', CONSTRAINT = 'accounts_applied_event_changed_something',
        TABLE = 'accounts_event';
END IF;
RETURN NULL;
