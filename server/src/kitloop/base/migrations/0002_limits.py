from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('base', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='RequestWindow',
            fields=[
                ('who', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('minute', models.BigIntegerField()),
                ('leases', models.IntegerField()),
            ],
        ),
        # Written often and worth nothing after a crash: no log is kept of it, and a commit of it alone waits for no disk.
        migrations.RunSQL('ALTER TABLE base_requestwindow SET UNLOGGED', 'ALTER TABLE base_requestwindow SET LOGGED'),
    ]
