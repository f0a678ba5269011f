RAISE EXCEPTION 'customer % stays whose it is, and deleted', NEW.stripe_id USING
    ERRCODE = '23514', CONSTRAINT = 'accounts_customer_stays', TABLE = 'accounts_customer';
