

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
            name='Run',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('inputs', models.JSONField()),
                ('state', models.CharField(default='queued', max_length=16)),
                ('failures', models.IntegerField(default=0)),
                ('created', models.DateTimeField()),
                ('started', models.DateTimeField(null=True)),
                ('finished', models.DateTimeField(null=True)),
                ('tool', models.CharField(blank=True, default='', max_length=64)),
                ('bundle', models.CharField(blank=True, default='', max_length=255)),
                ('reasons', models.JSONField(default=list)),
                ('metrics', models.JSONField(default=dict)),
                ('steps', models.JSONField(default=list)),
                ('ancestry', models.JSONField(null=True)),
                ('ancestry_metadata', models.JSONField(null=True)),
                ('kit', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='run', to='kits.kit')),
                ('sample', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='runs', to='kits.sample')),
            ],
        ),
        migrations.CreateModel(
            name='QualityControl',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.IntegerField()),
                ('key', models.CharField(max_length=64)),
                ('name', models.CharField(max_length=255)),
                ('type', models.CharField(max_length=32)),
                ('display_type', models.CharField(blank=True, default='', max_length=32)),
                ('description', models.TextField(blank=True, default='')),
                ('value_expected', models.FloatField(null=True)),
                ('value_measured', models.FloatField(null=True)),
                ('value_string', models.CharField(blank=True, default='', max_length=128)),
                ('status', models.CharField(max_length=16)),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='quality_controls', to='runs.run')),
            ],
        ),
        migrations.CreateModel(
            name='File',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('file_type', models.CharField(max_length=64)),
                ('object_key', models.CharField(max_length=500)),
                ('size', models.BigIntegerField()),
                ('sha256', models.CharField(blank=True, default='', max_length=64)),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('sample', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='files', to='kits.sample')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='files', to='runs.run')),
            ],
        ),
        migrations.CreateModel(
            name='TraitScore',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=64)),
                ('unit', models.CharField(blank=True, default='', max_length=64)),
                ('value', models.FloatField(null=True)),
                ('percentile', models.FloatField(null=True)),
                ('risk', models.CharField(blank=True, default='', max_length=16)),
                ('distribution', models.JSONField(null=True)),
                ('details', models.JSONField(default=dict)),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='trait_scores', to='runs.run')),
            ],
        ),
        migrations.AddConstraint(
            model_name='run',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['queued', 'running', 'succeeded', 'failed_qc', 'failed'])), name='run_state_known'),
        ),
        migrations.AddConstraint(
            model_name='qualitycontrol',
            constraint=models.UniqueConstraint(fields=('run', 'key'), name='quality_control_once'),
        ),
        migrations.AddConstraint(
            model_name='qualitycontrol',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['succeeded', 'failed', 'skipped'])), name='quality_control_status_known'),
        ),
        migrations.AddConstraint(
            model_name='file',
            constraint=models.UniqueConstraint(fields=('run', 'file_type'), name='file_once_per_run'),
        ),
        migrations.AddConstraint(
            model_name='traitscore',
            constraint=models.UniqueConstraint(fields=('run', 'key'), name='trait_score_once'),
        ),
    ]
