RAISE EXCEPTION 'payment % is paid and stays so', NEW.stripe_id USING
    ERRCODE = '23514', CONSTRAINT = 'accounts_payment_stays_paid', TABLE = 'accounts_payment';
