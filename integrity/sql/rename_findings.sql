UPDATE integrity_finding AS old SET
    -- A renamed invariant keeps its findings, unless the new name has found the same already.
    invariant = %(name)s,
    fingerprint = encode(sha256(convert_to(
        concat_ws(chr(31), %(name)s, subject, discriminator), 'UTF8')), 'hex')
WHERE invariant = ANY(%(aliases)s) AND NOT EXISTS (
    SELECT FROM integrity_finding AS new
    WHERE new.invariant = %(name)s
        AND new.subject = old.subject AND new.discriminator = old.discriminator
)
