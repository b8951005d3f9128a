from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0002_array_runs'),
    ]

    operations = [
        migrations.AddField(
            model_name='run',
            name='doing',
            field=models.CharField(blank=True, default='', max_length=100),
        ),
    ]
