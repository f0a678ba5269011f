RAISE EXCEPTION 'invitation % has ended: it was %', OLD.id, OLD.state USING
    ERRCODE = '23514', CONSTRAINT = 'accounts_invitation_ends_once',
    TABLE = 'accounts_invitation', HINT = 'Send another invitation; its link is a new one.';
