

import django.contrib.postgres.fields
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('projects', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Subscription',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=255)),
                ('target', models.CharField(max_length=255)),
                ('protocol', models.CharField(max_length=16)),
                ('event_types', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), size=None)),
                ('sealed_secret', models.BinaryField(null=True)),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('straight_failures', models.PositiveIntegerField(default=0)),
                ('failing_since', models.DateTimeField(null=True)),
                ('probe_at', models.DateTimeField(null=True)),
                ('disabled_at', models.DateTimeField(null=True)),
                ('disabled_reason', models.CharField(blank=True, default='', max_length=16)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='subscriptions', to='projects.project')),
            ],
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('event_id', models.UUIDField()),
                ('event_type', models.CharField(max_length=64)),
                ('body', models.TextField()),
                ('is_test', models.BooleanField(default=False)),
                ('is_retried', models.BooleanField(default=True)),
                ('state', models.CharField(default='pending', max_length=16)),
                ('due_at', models.DateTimeField()),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('failures', models.PositiveIntegerField(default=0)),
                ('response_status', models.IntegerField(null=True)),
                ('created', models.DateTimeField()),
                ('subscription', models.ForeignKey(on_delete=django.db.models.deletion.DO_NOTHING, related_name='deliveries', to='webhooks.subscription')),
            ],
        ),
        migrations.CreateModel(
            name='Attempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('started', models.DateTimeField()),
                ('duration_ms', models.PositiveIntegerField()),
                ('response_status', models.IntegerField(null=True)),
                ('answer', models.TextField(blank=True, default='')),
                ('error', models.CharField(blank=True, default='', max_length=255)),
                ('delivery', models.ForeignKey(on_delete=django.db.models.deletion.DO_NOTHING, related_name='tries', to='webhooks.delivery')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('delivery', 'number'), name='attempt_number_once')],
            },
        ),
        migrations.AddIndex(
            model_name='subscription',
            index=models.Index(fields=['project', 'created', 'id'], name='subscription_listing'),
        ),
        migrations.AddConstraint(
            model_name='subscription',
            constraint=models.CheckConstraint(condition=models.Q(('event_types__contained_by', ['analysis_complete_v2', 'batch_final_report_complete_v2', 'samples_restored', 'analysis_complete', 'batch_final_report', 'explorer_s3_hot_storage_exceeded', 'explorer_s3_cold_storage_exceeded']), ('event_types__len__gte', 1)), name='subscription_event_types_known'),
        ),
        migrations.AddConstraint(
            model_name='subscription',
            constraint=models.CheckConstraint(condition=models.Q(('protocol__in', ['webhook', 'email'])), name='subscription_protocol_known'),
        ),
        migrations.AddConstraint(
            model_name='subscription',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('disabled_at', None), ('disabled_reason', '')), models.Q(('disabled_at__isnull', False), ('disabled_reason__in', ['gone', 'failing'])), _connector='OR'), name='subscription_disabled_for_a_reason'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('state', 'pending')), fields=['subscription', 'due_at'], name='delivery_due'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(fields=['subscription', '-created', 'id'], name='delivery_listing'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(fields=('subscription', 'event_id'), name='delivery_once'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['pending', 'held', 'delivered', 'failed'])), name='delivery_state_known'),
        ),
    ]
