from django.db import migrations

INSTALL = """
CREATE FUNCTION integrity_audit_is_append_only() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'The audit log is append-only: % is refused.', TG_OP
        USING ERRCODE = '23514', CONSTRAINT = 'integrity_audit_is_append_only';
END;
$$;
CREATE TRIGGER integrity_audit_keeps_rows BEFORE UPDATE OR DELETE ON integrity_auditentry
    FOR EACH ROW EXECUTE FUNCTION integrity_audit_is_append_only();
CREATE TRIGGER integrity_audit_keeps_table BEFORE TRUNCATE ON integrity_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION integrity_audit_is_append_only();
-- Also for a session that replays replication, where ordinary triggers stay silent.
ALTER TABLE integrity_auditentry ENABLE ALWAYS TRIGGER integrity_audit_keeps_rows;
ALTER TABLE integrity_auditentry ENABLE ALWAYS TRIGGER integrity_audit_keeps_table;
"""

REMOVE = """
DROP TRIGGER integrity_audit_keeps_table ON integrity_auditentry;
DROP TRIGGER integrity_audit_keeps_rows ON integrity_auditentry;
DROP FUNCTION integrity_audit_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("integrity", "0001_foundation")]
    operations = [migrations.RunSQL(INSTALL, REMOVE)]
