from django.db import migrations

INSTALL = """
CREATE FUNCTION integrity_saga_is_kept() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    under_way boolean := true;
BEGIN
    IF TG_TABLE_NAME = 'integrity_saga' THEN
        under_way := OLD.finished_at IS NULL;
    ELSE
        EXECUTE format(
            'SELECT EXISTS (SELECT FROM %I.integrity_saga WHERE id = $1 AND finished_at IS NULL)',
            TG_TABLE_SCHEMA
        ) INTO under_way USING OLD.saga_id;
    END IF;
    IF NOT under_way THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'A saga under way is kept, with its steps: what it began would never be ended.'
        USING ERRCODE = '23514', CONSTRAINT = 'integrity_saga_is_kept';
END;
$$;
CREATE TRIGGER integrity_saga_is_kept BEFORE DELETE ON integrity_saga
    FOR EACH ROW EXECUTE FUNCTION integrity_saga_is_kept();
CREATE TRIGGER integrity_saga_is_kept BEFORE DELETE ON integrity_sagastep
    FOR EACH ROW EXECUTE FUNCTION integrity_saga_is_kept();
"""

REMOVE = """
DROP TRIGGER integrity_saga_is_kept ON integrity_sagastep;
DROP TRIGGER integrity_saga_is_kept ON integrity_saga;
DROP FUNCTION integrity_saga_is_kept();
"""


class Migration(migrations.Migration):
    dependencies = [("integrity", "0013_saga_counts")]
    operations = [migrations.RunSQL(INSTALL, REMOVE)]
