from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0003_run_doing'),
    ]

    operations = [
        migrations.AddField(
            model_name='run',
            name='traits',
            field=models.JSONField(default=list),
        ),
    ]
