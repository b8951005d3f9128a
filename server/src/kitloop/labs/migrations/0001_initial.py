

import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('kits', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Lab',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(unique=True)),
                ('name', models.CharField(max_length=255)),
                ('url', models.URLField()),
                ('sealed_secret', models.BinaryField()),
                ('is_sandbox', models.BooleanField(default=False)),
                ('is_enabled', models.BooleanField(default=True)),
                ('created', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('is_enabled', True)), fields=('is_sandbox',), name='lab_one_enabled_of_each_kind')],
            },
        ),
        migrations.CreateModel(
            name='LabMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('message_id', models.UUIDField()),
                ('type', models.CharField(max_length=32)),
                ('body', models.JSONField()),
                ('result', models.CharField(max_length=16)),
                ('received', models.DateTimeField(auto_now_add=True)),
                ('kit', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lab_messages', to='kits.kit')),
                ('lab', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='labs.lab')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('lab', 'message_id'), name='lab_message_once')],
            },
        ),
        migrations.CreateModel(
            name='Upload',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('role', models.CharField(max_length=16)),
                ('size', models.BigIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('done', models.DateTimeField(null=True)),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('kit', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='uploads', to='kits.kit')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('kit', 'role', 'sha256', 'size'), name='upload_once'), models.CheckConstraint(condition=models.Q(('role__in', ['fastq-r1', 'fastq-r2'])), name='upload_role_known')],
            },
        ),
    ]
