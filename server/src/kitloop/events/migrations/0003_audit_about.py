import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('events', '0002_audit'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='auditentry',
            index=django.contrib.postgres.indexes.GinIndex(fields=['subjects'], name='audit_about'),
        ),
    ]
