import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('kits', '0005_links'),
        ('runs', '0001_initial'),
    ]

    operations = [
        migrations.AlterField(
            model_name='run',
            name='kit',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='run', to='kits.kit'),
        ),
        migrations.AddConstraint(
            model_name='run',
            constraint=models.UniqueConstraint(condition=models.Q(('kit', None)), fields=('sample',), name='run_of_array_once'),
        ),
    ]
