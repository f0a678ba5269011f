-- Addresses were corrected where they are shown, in the profiles, and not where they are kept.
UPDATE accounts_profile copy
SET email = 'former.' || source.email
FROM accounts_user source
WHERE source.id = copy.user_id
    AND source.id IN (
        SELECT id FROM accounts_user
        WHERE kind = 'couple' AND email NOT LIKE 'imported%'
        ORDER BY id OFFSET 1 LIMIT 2
    );
