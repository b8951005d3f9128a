from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_roles_invitations_switches'),
    ]

    operations = [
        migrations.AddField(
            model_name='organization',
            name='array_project_id',
            field=models.UUIDField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='organization',
            name='consumer_reports_enabled',
            field=models.BooleanField(default=False),
        ),
    ]
