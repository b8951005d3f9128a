

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.datetime
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('projects', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Kit',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('state', models.CharField(default='requested', max_length=32)),
                ('reason_code', models.CharField(blank=True, default='', max_length=64)),
                ('lab_id', models.BigIntegerField(null=True)),
                ('lab_order_id', models.CharField(blank=True, default='', max_length=100)),
                ('barcode', models.CharField(blank=True, default='', max_length=64)),
                ('carrier', models.CharField(blank=True, default='', max_length=100)),
                ('outbound_tracking', models.CharField(blank=True, default='', max_length=100)),
                ('return_tracking', models.CharField(blank=True, default='', max_length=100)),
                ('created', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Recipient',
            fields=[
                ('kit', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='recipient', serialize=False, to='kits.kit')),
                ('sealed', models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name='Sample',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('client_id', models.CharField(blank=True, default='', max_length=255)),
                ('metadata', models.JSONField(null=True)),
                ('test_mode', models.BooleanField(default=False)),
                ('hidden', models.BooleanField(default=False)),
                ('deleted', models.DateTimeField(null=True)),
                ('created', models.DateTimeField()),
                ('modified', models.DateTimeField()),
                ('status', models.CharField(max_length=32)),
                ('status_id', models.UUIDField()),
                ('status_note', models.TextField(blank=True, default='')),
                ('run_id', models.UUIDField(null=True)),
                ('search_text', models.TextField(blank=True, default='')),
                ('search_vector', models.GeneratedField(db_persist=True, expression=django.contrib.postgres.search.SearchVector('search_text', config='simple'), output_field=django.contrib.postgres.search.SearchVectorField())),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='samples', to='projects.project')),
            ],
        ),
        migrations.AddField(
            model_name='kit',
            name='sample',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='kits', to='kits.sample'),
        ),
        migrations.CreateModel(
            name='Hold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason_code', models.CharField(max_length=64)),
                ('owner', models.CharField(max_length=16)),
                ('note', models.TextField(blank=True, default='')),
                ('opened', models.DateTimeField()),
                ('deadline', models.DateTimeField()),
                ('closed', models.DateTimeField(null=True)),
                ('kit', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='holds', to='kits.kit')),
                ('sample', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='holds', to='kits.sample')),
            ],
        ),
        migrations.CreateModel(
            name='SampleStatus',
            fields=[
                ('position', models.BigAutoField(primary_key=True, serialize=False)),
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('status', models.CharField(max_length=32)),
                ('note', models.TextField(blank=True, default='')),
                ('created', models.DateTimeField()),
                ('sample', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='statuses', to='kits.sample')),
            ],
        ),
        migrations.CreateModel(
            name='KitMove',
            fields=[
                ('position', models.BigAutoField(primary_key=True, serialize=False)),
                ('state', models.CharField(max_length=32)),
                ('note', models.TextField(blank=True, default='')),
                ('occurred', models.DateTimeField()),
                ('recorded', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('kit', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='moves', to='kits.kit')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('kit', 'state'), name='kit_move_once')],
            },
        ),
        migrations.CreateModel(
            name='Letter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=16)),
                ('sent', models.DateTimeField(null=True)),
                ('kit', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='letters', to='kits.kit')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('kit', 'kind'), name='letter_once')],
            },
        ),
        migrations.AddIndex(
            model_name='sample',
            index=models.Index(fields=['project', '-modified', 'id'], name='sample_listing'),
        ),
        migrations.AddIndex(
            model_name='sample',
            index=models.Index(fields=['project', 'status', '-modified', 'id'], name='sample_listing_status'),
        ),
        migrations.AddIndex(
            model_name='sample',
            index=models.Index(fields=['project', '-created', 'id'], name='sample_listing_created'),
        ),
        migrations.AddIndex(
            model_name='sample',
            index=django.contrib.postgres.indexes.GinIndex(fields=['search_vector'], name='sample_search'),
        ),
        migrations.AddConstraint(
            model_name='sample',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ('consumer_awaiting_kit_order', 'kit_requested', 'kit_ordered', 'consumer_awaiting_data', 'scheduled', 'running', 'succeeded', 'failed_qc', 'cancelled', 'failed'))), name='sample_status_known'),
        ),
        migrations.AddIndex(
            model_name='kit',
            index=models.Index(condition=models.Q(('state', 'requested')), fields=['created'], name='kit_to_submit'),
        ),
        migrations.AddConstraint(
            model_name='kit',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ('requested', 'ordered', 'shipped', 'delivered', 'returning', 'received', 'sequencing', 'sequenced', 'cancelled', 'rejected_by_lab', 'undeliverable', 'lost', 'expired', 'sample_rejected'))), name='kit_state_known'),
        ),
        migrations.AddConstraint(
            model_name='kit',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ('sequenced', 'cancelled', 'rejected_by_lab', 'undeliverable', 'lost', 'expired', 'sample_rejected')), _negated=True), fields=('sample',), name='kit_one_under_way'),
        ),
        migrations.AddConstraint(
            model_name='hold',
            constraint=models.CheckConstraint(condition=models.Q(('owner__in', ['customer', 'recipient', 'operator', 'lab', 'carrier'])), name='hold_owner_known'),
        ),
        migrations.AddConstraint(
            model_name='hold',
            constraint=models.UniqueConstraint(condition=models.Q(('closed', None)), fields=('sample', 'reason_code'), name='hold_open_once_per_reason'),
        ),
        migrations.AddConstraint(
            model_name='samplestatus',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ('consumer_awaiting_kit_order', 'kit_requested', 'kit_ordered', 'consumer_awaiting_data', 'scheduled', 'running', 'succeeded', 'failed_qc', 'cancelled', 'failed'))), name='history_status_known'),
        ),
    ]
