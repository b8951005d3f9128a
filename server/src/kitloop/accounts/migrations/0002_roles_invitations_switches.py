

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='organization',
            name='account_on_hold',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='organization',
            name='delete_samples_enabled',
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name='organization',
            name='uploads_enabled',
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name='user',
            name='activated',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='user',
            name='config',
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('email', models.EmailField(max_length=254)),
                ('role', models.CharField(max_length=16)),
                ('hashed_token', models.CharField(max_length=128, unique=True)),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('expires', models.DateTimeField()),
                ('status', models.CharField(default='pending', max_length=16)),
                ('status_id', models.UUIDField(default=uuid.uuid4)),
                ('status_created', models.DateTimeField(auto_now_add=True)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to='accounts.organization')),
                ('status_actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ['pending', 'accepted', 'revoked'])), name='invitation_status_known'), models.CheckConstraint(condition=models.Q(('role__in', ('member', 'uploader', 'viewer', 'analyst', 'explorer', 'manager', 'owner'))), name='invitation_role_known')],
            },
        ),
        migrations.RunSQL("UPDATE accounts_user SET activated = created", migrations.RunSQL.noop),
    ]
