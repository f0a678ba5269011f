-- One of every 4,000 couples is broken in each of these ways, spread over the tables. What a CHECK
-- refuses can't be planted, so its invariant finds nothing.
DELETE FROM accounts_profile WHERE user_id %% 4000 IN (1, 21);

DELETE FROM accounts_member WHERE user_id %% 4000 = 3;
DELETE FROM accounts_weddingstats WHERE wedding_id %% 4000 = 4;
UPDATE accounts_profile SET email = 'drifted.' || email WHERE user_id %% 4000 = 5;
UPDATE accounts_profile SET email_verified = false WHERE user_id %% 4000 = 6;
UPDATE account_emailaddress SET email = 'other.' || email WHERE user_id %% 4000 = 7;
UPDATE accounts_wedding SET date_undecided = false WHERE id %% 4000 = 8;
DELETE FROM onboarding_interest WHERE user_id %% 4000 = 9;

UPDATE accounts_profile SET interests_wanted = %(interests)s::text[] || 'ceremony'::text
WHERE user_id %% 4000 = 10;

UPDATE accounts_profile SET interests_wanted = (%(interests)s::text[])[1:2]
WHERE user_id %% 4000 = 11;

DELETE FROM onboarding_task WHERE wedding_id %% 4000 = 12;

UPDATE accounts_weddingstats SET tasks_total = 0, tasks_done = 0, last_active_date = NULL, streak_days = 0
WHERE wedding_id %% 4000 = 12;

UPDATE accounts_weddingstats SET tasks_total = 9 WHERE wedding_id %% 4000 = 14;
UPDATE accounts_weddingstats SET tasks_done = 0 WHERE wedding_id %% 4000 = 22;
UPDATE accounts_weddingstats SET last_active_date = current_date, streak_days = 0 WHERE wedding_id %% 4000 = 16;
UPDATE onboarding_milestone SET key = 'half' WHERE wedding_id %% 4000 = 18 AND key = 'quarter';
DELETE FROM onboarding_milestone WHERE wedding_id %% 4000 = 28 AND key = 'first_task';

INSERT INTO accounts_profile (user_id, email)
SELECT n, 'gone' || n || '@bench.example'
FROM generate_series(%(users)s + 1, %(users)s + %(users)s / 4000) AS n;
