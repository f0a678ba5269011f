RAISE EXCEPTION 'subscription % would go back from what a newer event said', NEW.stripe_id USING
    ERRCODE = '23514', CONSTRAINT = 'accounts_subscription_goes_forward',
    TABLE = 'accounts_subscription',
    HINT = 'accounts.billing compares versions; an event that arrives late is ignored.';
