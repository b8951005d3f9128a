from django.db import migrations, models


# For each statement, not for each row: a statement that moves a million samples writes each count once.
FUNCTION = """
CREATE FUNCTION kits_count_samples() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO kits_samplecount AS held (project_id, status, hidden, slot, count)
        SELECT project_id, status, hidden, pg_backend_pid(), count(*) FROM added WHERE deleted IS NULL GROUP BY 1, 2, 3
        ON CONFLICT (project_id, status, hidden, slot) DO UPDATE SET count = held.count + excluded.count;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO kits_samplecount AS held (project_id, status, hidden, slot, count)
        SELECT project_id, status, hidden, pg_backend_pid(), -count(*) FROM removed WHERE deleted IS NULL GROUP BY 1, 2, 3
        ON CONFLICT (project_id, status, hidden, slot) DO UPDATE SET count = held.count + excluded.count;
    ELSE
        INSERT INTO kits_samplecount AS held (project_id, status, hidden, slot, count)
        SELECT project_id, status, hidden, pg_backend_pid(), sum(change) FROM (
            SELECT project_id, status, hidden, 1 AS change FROM added WHERE deleted IS NULL
            UNION ALL SELECT project_id, status, hidden, -1 FROM removed WHERE deleted IS NULL
        ) moved GROUP BY 1, 2, 3 HAVING sum(change) <> 0
        ON CONFLICT (project_id, status, hidden, slot) DO UPDATE SET count = held.count + excluded.count;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER samples_added AFTER INSERT ON kits_sample
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION kits_count_samples();
CREATE TRIGGER samples_moved AFTER UPDATE ON kits_sample
REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION kits_count_samples();
CREATE TRIGGER samples_removed AFTER DELETE ON kits_sample
REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION kits_count_samples();
"""
DROP = """
DROP TRIGGER samples_added ON kits_sample; DROP TRIGGER samples_moved ON kits_sample;
DROP TRIGGER samples_removed ON kits_sample; DROP FUNCTION kits_count_samples();
"""
FILL = """
INSERT INTO kits_samplecount (project_id, status, hidden, slot, count)
SELECT project_id, status, hidden, 0, count(*) FROM kits_sample WHERE deleted IS NULL GROUP BY project_id, status, hidden
"""


class Migration(migrations.Migration):

    dependencies = [
        ('kits', '0002_letters_given_up'),
    ]

    operations = [
        migrations.CreateModel(
            name='SampleCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('project_id', models.UUIDField()),
                ('status', models.CharField(max_length=32)),
                ('hidden', models.BooleanField()),
                ('slot', models.IntegerField()),
                ('count', models.BigIntegerField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('project_id', 'status', 'hidden', 'slot'), name='sample_count_slot')],
            },
        ),
        migrations.RunSQL(FUNCTION, DROP),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
