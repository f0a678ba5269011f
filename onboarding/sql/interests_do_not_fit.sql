SELECT profile.user_id
FROM accounts_profile AS profile
-- Counted once and joined; a count for each row costs several times that.
LEFT JOIN (
    SELECT user_id, count(*) AS chosen FROM onboarding_interest GROUP BY user_id
) AS interests ON interests.user_id = profile.user_id
WHERE (profile.step >= 2 AND interests.chosen IS NULL)
    OR (profile.onboarded_at IS NOT NULL AND coalesce(interests.chosen, 0) < %s)
    OR interests.chosen > %s
