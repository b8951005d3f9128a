

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_roles_invitations_switches'),
        ('pipelines', '0001_initial'),
        ('projects', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ProjectRole',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('role', models.CharField(max_length=16)),
                ('created', models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.AddField(
            model_name='project',
            name='capability',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='projects', to='pipelines.capability'),
        ),
        migrations.AddField(
            model_name='project',
            name='deleted',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='project',
            name='modifications',
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddIndex(
            model_name='project',
            index=models.Index(fields=['organization', '-created', 'id'], name='project_listing'),
        ),
        migrations.AddField(
            model_name='projectrole',
            name='project',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='explicit_roles', to='projects.project'),
        ),
        migrations.AddField(
            model_name='projectrole',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='project_roles', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='projectrole',
            constraint=models.UniqueConstraint(fields=('project', 'user'), name='project_role_once'),
        ),
        migrations.AddConstraint(
            model_name='projectrole',
            constraint=models.CheckConstraint(condition=models.Q(('role__in', ('viewer', 'analyst', 'manager', 'owner'))), name='project_role_known'),
        ),
    ]
