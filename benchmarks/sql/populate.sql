-- Couples as they are after some weeks: eight in ten have finished the wizard, with three interests
-- and three tasks each, and half of them have done one task.
INSERT INTO accounts_user (id, email, date_joined)
SELECT n, 'couple' || n || '@bench.example', now() - n %% 50 * interval '1 day'
FROM generate_series(1, %(users)s) AS n;

INSERT INTO account_emailaddress (id, user_id, email, verified, "primary")
SELECT n, n, 'couple' || n || '@bench.example', true, true FROM generate_series(1, %(users)s) AS n;

INSERT INTO accounts_wedding (id, date_undecided) SELECT n, true FROM generate_series(1, %(users)s) AS n;
INSERT INTO accounts_member (id, user_id, wedding_id) SELECT n, n, n FROM generate_series(1, %(users)s) AS n;

INSERT INTO accounts_profile (user_id, name, email, email_verified, date_joined, step, onboarded_at)
SELECT
    n, 'Ada', 'couple' || n || '@bench.example', true, now() - n %% 50 * interval '1 day',
    CASE n %% 10 WHEN 3 THEN 0 WHEN 4 THEN 1 ELSE 3 END,
    CASE WHEN n %% 10 IN (3, 4) THEN NULL ELSE now() END
FROM generate_series(1, %(users)s) AS n;

INSERT INTO onboarding_interest (user_id, category)
SELECT user_id, category
FROM accounts_profile
CROSS JOIN unnest(%(interests)s::text[]) AS chosen (category)
WHERE step = 3;

INSERT INTO onboarding_task (wedding_id, title, status, completed_at)
SELECT
    user_id, 'Task ' || number,
    CASE WHEN number = 1 AND user_id %% 2 = 0 THEN 'done' ELSE 'open' END,
    CASE WHEN number = 1 AND user_id %% 2 = 0 THEN now() END
FROM accounts_profile
CROSS JOIN generate_series(1, 3) AS number
WHERE step = 3
ORDER BY user_id, number;

INSERT INTO accounts_weddingstats (wedding_id, tasks_total, tasks_done, last_active_date, streak_days)
SELECT
    user_id,
    CASE step WHEN 3 THEN 3 ELSE 0 END,
    CASE WHEN active THEN 1 ELSE 0 END,
    CASE WHEN active THEN current_date END,
    CASE WHEN active THEN 1 ELSE 0 END
FROM accounts_profile
CROSS JOIN LATERAL (SELECT step = 3 AND user_id %% 2 = 0) AS whether (active)
ORDER BY user_id;

INSERT INTO onboarding_milestone (wedding_id, key, tasks_done, tasks_total)
SELECT wedding_id, key, tasks_done, tasks_total
FROM accounts_weddingstats
CROSS JOIN unnest(ARRAY['first_task', 'quarter']) AS reached (key)
WHERE tasks_done = 1;

SELECT setval(pg_get_serial_sequence(owner, 'id'), %(users)s)
FROM unnest(
    ARRAY['accounts_user', 'accounts_wedding', 'accounts_member', 'account_emailaddress']
) AS owner;
