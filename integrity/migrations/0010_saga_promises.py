from django.db import migrations

INSTALL = """
CREATE FUNCTION integrity_saga_moves_lawfully() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    lawful boolean;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'running' OR NEW.pivot_at IS NOT NULL THEN
            RAISE EXCEPTION 'A saga begins as running, before its pivot.'
                USING ERRCODE = '23514', CONSTRAINT = 'integrity_saga_moves_lawfully';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.uid, NEW.kind, NEW.version, NEW.subject)
        IS DISTINCT FROM (OLD.uid, OLD.kind, OLD.version, OLD.subject)
    THEN
        RAISE EXCEPTION 'A saga keeps its kind, its version and its subject.'
            USING ERRCODE = '23514', CONSTRAINT = 'integrity_saga_stays_itself';
    END IF;
    IF NEW.fence < OLD.fence THEN
        RAISE EXCEPTION 'The fence of a saga never falls.'
            USING ERRCODE = '23514', CONSTRAINT = 'integrity_saga_fence_never_falls';
    END IF;
    IF OLD.pivot_at IS NOT NULL AND (NEW.pivot_at, NEW.pivot_position)
        IS DISTINCT FROM (OLD.pivot_at, OLD.pivot_position)
    THEN
        RAISE EXCEPTION 'A saga passes its pivot once.'
            USING ERRCODE = '23514', CONSTRAINT = 'integrity_saga_pivot_is_final';
    END IF;
    IF OLD.finished_at IS NOT NULL THEN
        RAISE EXCEPTION 'A saga that has ended is not changed any more.'
            USING ERRCODE = '23514', CONSTRAINT = 'integrity_saga_end_is_final';
    END IF;
    lawful := CASE OLD.state
        WHEN NEW.state THEN true
        WHEN 'running' THEN NEW.state IN ('compensating', 'attention', 'paused', 'completed')
        WHEN 'compensating' THEN NEW.state IN ('attention', 'paused', 'compensated')
        -- From where it was parked it may also turn back; the pivot's own check knows when not.
        ELSE NEW.state IN (OLD.parked_from, 'compensating', 'resolved')
    END;
    IF NOT lawful OR (NEW.parked_from <> '' AND NEW.parked_from
        <> CASE WHEN OLD.parked_from = '' THEN OLD.state ELSE OLD.parked_from END)
    THEN
        RAISE EXCEPTION 'A saga does not go from % to %.', OLD.state, NEW.state
            USING ERRCODE = '23514', CONSTRAINT = 'integrity_saga_moves_lawfully';
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER integrity_saga_moves_lawfully BEFORE INSERT OR UPDATE ON integrity_saga
    FOR EACH ROW EXECUTE FUNCTION integrity_saga_moves_lawfully();

CREATE FUNCTION integrity_saga_plan_is_frozen() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (NEW.saga_id, NEW.position, NEW.name, NEW.kind, NEW.provider)
        IS DISTINCT FROM (OLD.saga_id, OLD.position, OLD.name, OLD.kind, OLD.provider)
        OR NEW.key_epoch < OLD.key_epoch
    THEN
        RAISE EXCEPTION 'The steps of a saga were frozen when it started, and keys never repeat.'
            USING ERRCODE = '23514', CONSTRAINT = 'integrity_saga_plan_is_frozen';
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER integrity_saga_plan_is_frozen BEFORE UPDATE ON integrity_sagastep
    FOR EACH ROW EXECUTE FUNCTION integrity_saga_plan_is_frozen();

CREATE FUNCTION integrity_saga_timeline_is_kept() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    under_way boolean := true;
BEGIN
    -- What is purged with its saga goes; who deletes an event of one under way covers something up.
    IF TG_OP = 'DELETE' THEN
        EXECUTE format(
            'SELECT EXISTS (SELECT FROM %I.integrity_saga WHERE id = $1 AND finished_at IS NULL)',
            TG_TABLE_SCHEMA
        ) INTO under_way USING OLD.saga_id;
    END IF;
    IF NOT under_way THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'The timeline of a saga is append-only: % is refused.', TG_OP
        USING ERRCODE = '23514', CONSTRAINT = 'integrity_saga_timeline_is_kept';
END;
$$;
CREATE TRIGGER integrity_saga_timeline_is_kept BEFORE UPDATE OR DELETE ON integrity_sagaevent
    FOR EACH ROW EXECUTE FUNCTION integrity_saga_timeline_is_kept();

-- Each claim writes the row again, so there is room for that beside it.
ALTER TABLE integrity_saga SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.01);
"""

REMOVE = """
ALTER TABLE integrity_saga RESET (fillfactor, autovacuum_vacuum_scale_factor);
DROP TRIGGER integrity_saga_timeline_is_kept ON integrity_sagaevent;
DROP FUNCTION integrity_saga_timeline_is_kept();
DROP TRIGGER integrity_saga_plan_is_frozen ON integrity_sagastep;
DROP FUNCTION integrity_saga_plan_is_frozen();
DROP TRIGGER integrity_saga_moves_lawfully ON integrity_saga;
DROP FUNCTION integrity_saga_moves_lawfully();
"""


class Migration(migrations.Migration):
    dependencies = [("integrity", "0009_sagas")]
    operations = [migrations.RunSQL(INSTALL, REMOVE)]
