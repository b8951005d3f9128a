

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('kits', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='letter',
            name='given_up',
            field=models.DateTimeField(null=True),
        ),
    ]
