from django.db import migrations, models

# Words are searched for within a project: each carries its project's mark (kits.search).
MARK = r"""
UPDATE kits_sample SET search_text =
    regexp_replace(search_text, '(\S+)', left(replace(project_id::text, '-', ''), 8) || '\1', 'g') WHERE search_text <> ''
"""


class Migration(migrations.Migration):

    dependencies = [
        ('kits', '0003_counts_in_slots'),
        ('projects', '0002_roles_and_capabilities'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='sample',
            name='sample_listing',
        ),
        migrations.RemoveIndex(
            model_name='sample',
            name='sample_listing_status',
        ),
        migrations.RemoveIndex(
            model_name='sample',
            name='sample_listing_created',
        ),
        migrations.AddIndex(
            model_name='sample',
            index=models.Index(condition=models.Q(('deleted', None)), fields=['project', '-modified', 'id'], include=('status', 'hidden'), name='sample_listing'),
        ),
        migrations.AddIndex(
            model_name='sample',
            index=models.Index(condition=models.Q(('deleted', None)), fields=['project', '-created', 'id'], include=('status', 'hidden'), name='sample_listing_created'),
        ),
        migrations.AddIndex(
            model_name='sample',
            index=models.Index(condition=models.Q(('deleted', None)), fields=['project', 'status', '-modified', 'id'], include=('hidden',), name='sample_listing_status'),
        ),
        migrations.RunSQL(MARK, migrations.RunSQL.noop),
    ]
