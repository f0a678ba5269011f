from django.db import migrations, models

# Each connection counts in one of 16 rows: whoever writes such a line at the same moment rarely
# waits for another.
ADD_UP = """
INSERT INTO integrity_sagacount AS known (kind, event, step, word, slot, count, timed, seconds)
SELECT kind, event, step, word, pg_backend_pid() % 16, count(*), count(seconds),
    coalesce(sum(seconds), 0)
FROM (
    SELECT saga.kind, line.event, line.step,
        coalesce(
            line.detail ->> 'error_class',
            line.detail ->> 'why',
            CASE WHEN line.detail ? 'found' THEN 'found' END,
            ''
        ) AS word,
        (line.detail ->> 'seconds')::float8 AS seconds
    FROM lines_to_count AS line JOIN integrity_saga AS saga ON saga.id = line.saga_id
) AS told
GROUP BY kind, event, step, word ORDER BY kind, event, step, word
ON CONFLICT (kind, event, step, word, slot) DO UPDATE SET
    count = known.count + excluded.count,
    timed = known.timed + excluded.timed,
    seconds = known.seconds + excluded.seconds
"""

# Its schema is fixed when it is made and not asked for at each call, so that a session plans it once.
INSTALL = f"""
CREATE FUNCTION integrity_saga_lines_are_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {ADD_UP};
    RETURN NULL;
END;
$$;
DO $$
BEGIN
    EXECUTE format(
        'ALTER FUNCTION integrity_saga_lines_are_counted() SET search_path = pg_catalog, %I, pg_temp',
        current_schema()
    );
END;
$$;
CREATE TRIGGER integrity_saga_lines_are_counted AFTER INSERT ON integrity_sagaevent
    REFERENCING NEW TABLE AS lines_to_count
    FOR EACH STATEMENT EXECUTE FUNCTION integrity_saga_lines_are_counted();
"""

# The trigger's lock keeps everybody from writing more until this is committed.
COUNT_THE_PAST = f"WITH lines_to_count AS (SELECT * FROM integrity_sagaevent) {ADD_UP}"  # noqa: S608

REMOVE = """
DROP TRIGGER integrity_saga_lines_are_counted ON integrity_sagaevent;
DROP FUNCTION integrity_saga_lines_are_counted();
"""


class Migration(migrations.Migration):
    dependencies = [("integrity", "0012_saga_operators")]

    operations = [
        migrations.CreateModel(
            name="SagaCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.TextField()),
                ("event", models.TextField()),
                ("step", models.TextField()),
                ("word", models.TextField()),
                ("slot", models.SmallIntegerField()),
                ("count", models.PositiveBigIntegerField()),
                ("timed", models.PositiveBigIntegerField()),
                ("seconds", models.FloatField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "event", "step", "word", "slot"),
                        name="integrity_sagacount_once",
                    )
                ],
            },
        ),
        migrations.RunSQL(INSTALL + COUNT_THE_PAST, REMOVE),
    ]
