RAISE EXCEPTION 'user % would go back from step % to %', NEW.user_id, OLD.step, NEW.step USING
    ERRCODE = '23514', CONSTRAINT = 'accounts_profile_step_goes_forward',
    TABLE = 'accounts_profile', HINT = 'Reopening starts the wizard over, at step 0.';
