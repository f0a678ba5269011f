-- A list of couples was loaded with the triggers off, as that is faster. They are on again.
ALTER TABLE accounts_user DISABLE TRIGGER USER;
ALTER TABLE accounts_profile DISABLE TRIGGER USER;

INSERT INTO accounts_user (email, uid, date_joined)
SELECT email, md5(email)::uuid, now() - interval '3 days'
FROM (VALUES ('imported1@example.com'), ('imported2@example.com'), ('imported3@example.com')) list (email)
ON CONFLICT (email) DO NOTHING;

-- Planted again: the profiles that a repair has made since.
DELETE FROM accounts_profile
WHERE user_id IN (SELECT id FROM accounts_user WHERE email ~ '^imported[123]@example\.com$');

ALTER TABLE accounts_profile ENABLE TRIGGER USER;
ALTER TABLE accounts_user ENABLE TRIGGER USER;

INSERT INTO account_emailaddress (user_id, email, "primary", verified)
SELECT id, email, true, false FROM accounts_user WHERE email ~ '^imported[123]@example\.com$'
ON CONFLICT DO NOTHING;

INSERT INTO accounts_wedding (uid)
SELECT uid FROM accounts_user WHERE email ~ '^imported[123]@example\.com$'
ON CONFLICT (uid) DO NOTHING;

INSERT INTO accounts_member (user_id, wedding_id)
SELECT its_owner.id, its_wedding.id
FROM accounts_user its_owner JOIN accounts_wedding its_wedding USING (uid)
WHERE its_owner.email ~ '^imported[123]@example\.com$'
ON CONFLICT (user_id) DO NOTHING;

INSERT INTO accounts_weddingstats (wedding_id)
SELECT its_wedding.id
FROM accounts_user its_owner JOIN accounts_wedding its_wedding USING (uid)
WHERE its_owner.email ~ '^imported[123]@example\.com$'
ON CONFLICT (wedding_id) DO NOTHING;
