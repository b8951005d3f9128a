from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [('accounts', '0004_logins_and_second_factors')]

    operations = [
        migrations.AddField(
            model_name='user',
            name='sessions_ended',
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
