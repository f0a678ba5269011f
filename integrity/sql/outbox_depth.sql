-- How many effects are in each state, counted up to a bound. Each condition is that of an index.
SELECT 'pending' AS state, count(*) FROM (
    SELECT FROM integrity_outboxmessage WHERE state = 'pending' LIMIT %(counted)s
) AS waiting
UNION ALL
SELECT 'leased', count(*) FROM (
    SELECT FROM integrity_outboxmessage WHERE state = 'leased' LIMIT %(counted)s
) AS in_hand
UNION ALL
SELECT 'dead', count(*) FROM (
    SELECT FROM integrity_outboxmessage WHERE state = 'dead' LIMIT %(counted)s
) AS given_up
