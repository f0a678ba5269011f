-- accounts.every_user_has_a_profile: 2
SELECT u.id FROM accounts_user u LEFT JOIN accounts_profile p ON p.user_id = u.id
WHERE p.user_id IS NULL ORDER BY 1

-- accounts.every_profile_has_a_user: 1
SELECT p.user_id FROM accounts_profile p LEFT JOIN accounts_user u ON u.id = p.user_id
WHERE u.id IS NULL ORDER BY 1

-- accounts.every_couple_has_a_wedding: 1
SELECT u.id FROM accounts_user u
WHERE kind = 'couple' AND NOT EXISTS (SELECT FROM accounts_member m WHERE m.user_id = u.id)
ORDER BY 1

-- accounts.every_open_wedding_has_a_member: 1
SELECT w.id FROM accounts_wedding w
WHERE status = 'open' AND NOT EXISTS (SELECT FROM accounts_member m WHERE m.wedding_id = w.id)
ORDER BY 1

-- accounts.every_wedding_has_stats: 1
SELECT w.id FROM accounts_wedding w LEFT JOIN accounts_weddingstats s ON s.wedding_id = w.id
WHERE s.wedding_id IS NULL ORDER BY 1

-- accounts.profile_has_the_users_email: 1
SELECT p.user_id, left(u.email, 1), left(p.email, 1)
FROM accounts_profile p JOIN accounts_user u ON u.id = p.user_id
WHERE p.email IS DISTINCT FROM u.email ORDER BY 1

-- accounts.profile_knows_whether_verified: 2
SELECT p.user_id, a.id IS NOT NULL, p.email_verified
FROM accounts_profile p
JOIN accounts_user u ON u.id = p.user_id
LEFT JOIN account_emailaddress a
    ON a.user_id = u.id AND a.email = u.email AND a."primary" AND a.verified
WHERE p.email_verified <> (a.id IS NOT NULL) ORDER BY 1

-- accounts.primary_address_is_the_users_email: 1
SELECT u.id FROM accounts_user u
WHERE EXISTS (SELECT FROM account_emailaddress a WHERE a.user_id = u.id)
    AND NOT EXISTS (
        SELECT FROM account_emailaddress a
        WHERE a.user_id = u.id AND a."primary" AND a.email = u.email
    )
ORDER BY 1

-- accounts.no_wizard_is_half_made: 1
SELECT p.user_id, p.step
FROM accounts_profile p
LEFT JOIN accounts_member m ON m.user_id = p.user_id
LEFT JOIN accounts_wedding w ON w.id = m.wedding_id
WHERE (step >= 1 AND (name = '' OR (w.date IS NULL AND NOT w.date_undecided)))
    OR (onboarded_at IS NULL) <> (step < 3)
ORDER BY 1

-- onboarding.interests_fit_the_step: 1
SELECT p.user_id, coalesce(chosen, 0)
FROM accounts_profile p
LEFT JOIN (SELECT user_id, count(*) AS chosen FROM onboarding_interest GROUP BY 1) i USING (user_id)
WHERE (step >= 2 AND chosen IS NULL)
    OR (onboarded_at IS NOT NULL AND coalesce(chosen, 0) < 3)
    OR chosen > 10
ORDER BY 1

-- onboarding.no_interest_is_stale: 1
SELECT i.user_id, i.category
FROM onboarding_interest i JOIN accounts_profile p USING (user_id)
WHERE interests_wanted IS NOT NULL AND NOT interests_wanted @> ARRAY[i.category::text]
ORDER BY 1, 2

-- onboarding.wanted_interests_are_there: 1
SELECT user_id FROM accounts_profile p
WHERE interests_wanted IS NOT NULL AND NOT interests_wanted <@ ARRAY(
    SELECT category::text FROM onboarding_interest i WHERE i.user_id = p.user_id
)
ORDER BY 1

-- onboarding.a_finished_wizard_has_tasks: 1
SELECT user_id FROM accounts_profile p
WHERE onboarded_at IS NOT NULL AND NOT EXISTS (
    SELECT FROM accounts_member m JOIN onboarding_task t USING (wedding_id)
    WHERE m.user_id = p.user_id
)
ORDER BY 1

-- onboarding.stats_count_the_tasks: 1
SELECT s.wedding_id, coalesce(t.tasks, 0), s.tasks_total
FROM accounts_weddingstats s
LEFT JOIN (SELECT wedding_id, count(*) AS tasks FROM onboarding_task GROUP BY 1) t USING (wedding_id)
WHERE s.tasks_total <> coalesce(t.tasks, 0) ORDER BY 1

-- onboarding.stats_count_the_done_tasks: 1
SELECT s.wedding_id, coalesce(t.tasks, 0), s.tasks_done
FROM accounts_weddingstats s
LEFT JOIN (
    SELECT wedding_id, count(*) AS tasks FROM onboarding_task WHERE status = 'done' GROUP BY 1
) t USING (wedding_id)
WHERE s.tasks_done <> coalesce(t.tasks, 0) ORDER BY 1

-- onboarding.an_active_couple_has_a_streak: 1
SELECT wedding_id FROM accounts_weddingstats
WHERE (last_active_date IS NULL) <> (streak_days = 0) ORDER BY 1

-- onboarding.done_tasks_have_a_time: 0
SELECT id FROM onboarding_task
WHERE (status = 'done') <> (completed_at IS NOT NULL)
    OR (status = 'open' AND completed_by_id IS NOT NULL)
ORDER BY 1

-- onboarding.milestones_were_earned: 1
SELECT m.id FROM onboarding_milestone m
JOIN unnest(
    ARRAY['first_task', 'quarter', 'half', 'three_quarters', 'all'], ARRAY[0, 25, 50, 75, 100]
) AS goal (key, percent) USING (key)
WHERE tasks_done < greatest(1, (tasks_total * percent + 99) / 100) ORDER BY 1

-- onboarding.earned_milestones_are_recorded: 2
SELECT wedding_id FROM accounts_weddingstats s
LEFT JOIN (
    SELECT wedding_id, array_agg(key) AS keys FROM onboarding_milestone GROUP BY 1
) m USING (wedding_id)
WHERE tasks_done >= 1 AND (
    (NOT 'first_task' = ANY(coalesce(keys, '{}')))
    OR (tasks_done >= (tasks_total * 25 + 99) / 100 AND NOT 'quarter' = ANY(coalesce(keys, '{}')))
    OR (tasks_done >= (tasks_total * 50 + 99) / 100 AND NOT 'half' = ANY(coalesce(keys, '{}')))
    OR (tasks_done >= (tasks_total * 75 + 99) / 100 AND NOT 'three_quarters' = ANY(coalesce(keys, '{}')))
    OR (tasks_done >= tasks_total AND NOT 'all' = ANY(coalesce(keys, '{}')))
)
ORDER BY 1

-- accounts.every_email_is_canonical: 0
SELECT id FROM accounts_user
WHERE strpos(email, '@') > 65
    OR email !~ '\A[a-z0-9!#$%&''*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&''*+/=?^_`{|}~-]+)*@([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]\Z'
ORDER BY 1

-- accounts.every_address_is_canonical: 0
SELECT id FROM account_emailaddress
WHERE strpos(email, '@') > 65
    OR email !~ '\A[a-z0-9!#$%&''*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&''*+/=?^_`{|}~-]+)*@([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]\Z'
ORDER BY 1

-- accounts.whoever_begins_the_wizard_finishes_it: 0
SELECT user_id FROM accounts_profile
WHERE step > 0 AND step < 3 AND date_joined < now() - interval '60 days' ORDER BY 1
