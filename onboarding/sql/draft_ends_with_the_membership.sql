-- What was typed about the wedding that is left would else be offered for the one that is joined.
-- The profile comes first, as when a draft is kept.
PERFORM FROM public.accounts_profile WHERE user_id = NEW.user_id FOR NO KEY UPDATE;
DELETE FROM public.onboarding_wizarddraft WHERE user_id = NEW.user_id;
RETURN NULL;
