SELECT period INTO its_period FROM public.accounts_usagecounter WHERE id = NEW.counter_id;
IF its_period <> date_trunc('month', NEW.at AT TIME ZONE 'UTC')::date THEN
    RAISE EXCEPTION 'a use of % counts in another month than %', NEW.at, its_period USING
        ERRCODE = '23514', CONSTRAINT = 'accounts_usageentry_is_in_its_period',
        TABLE = 'accounts_usageentry';
END IF;
RETURN NEW;
