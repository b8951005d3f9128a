

import kitloop.events.models
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Event',
            fields=[
                ('position', models.BigAutoField(primary_key=True, serialize=False)),
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('transaction', kitloop.events.models.TransactionId(db_default=kitloop.events.models.CurrentTransactionId())),
                ('organization_id', models.UUIDField()),
                ('project_id', models.UUIDField()),
                ('sample_id', models.UUIDField(null=True)),
                ('type', models.CharField(max_length=64)),
                ('occurred', models.DateTimeField()),
                ('data', models.JSONField(default=dict)),
            ],
            options={
                'indexes': [models.Index(fields=['organization_id', 'position'], name='event_feed'), models.Index(fields=['sample_id', 'position'], name='event_of_sample')],
            },
        ),
    ]
