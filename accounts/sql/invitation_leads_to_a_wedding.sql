-- Who invites must meet at this lock who closes the wedding, and who takes the second place.
SELECT status INTO its_status FROM public.accounts_wedding
WHERE id = NEW.wedding_id FOR NO KEY UPDATE;
IF its_status = 'closed'
    OR (SELECT count(*) FROM public.accounts_member WHERE wedding_id = NEW.wedding_id) >= 2
THEN
    RAISE EXCEPTION 'nobody can join wedding % any more', NEW.wedding_id USING
        ERRCODE = '23514', CONSTRAINT = 'accounts_invitation_leads_to_a_wedding',
        TABLE = 'accounts_invitation', HINT = 'A wedding is planned by two at most.';
END IF;
RETURN NEW;
