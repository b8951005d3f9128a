
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Order',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kit_id', models.UUIDField(unique=True)),
                ('content_digest', models.CharField(max_length=64)),
                ('ordered_at', models.DateTimeField()),
                ('taken_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('test_mode', models.BooleanField()),
                ('scenario', models.CharField(blank=True, max_length=40)),
                ('stage', models.CharField(choices=[('accepted', 'Order taken'), ('packed', 'Packed'), ('shipped', 'Shipped to the recipient'), ('delivered', 'Delivered'), ('returning', 'On its way back'), ('received', 'Received at the lab'), ('sequencing', 'On the sequencer'), ('reads_written', 'Reads written'), ('uploaded', 'Files uploaded'), ('sequenced', 'Sequenced'), ('undeliverable', 'Undeliverable'), ('lost', 'Lost on the way'), ('sample_rejected', 'Sample rejected'), ('cancelled', 'Cancelled')], default='accepted', max_length=20)),
                ('stage_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('next_step_at', models.DateTimeField(blank=True, null=True)),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('parked_at', models.DateTimeField(blank=True, null=True)),
                ('trouble', models.CharField(blank=True, max_length=500)),
            ],
        ),
        migrations.CreateModel(
            name='OutboxEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event_id', models.UUIDField()),
                ('type', models.CharField(max_length=40)),
                ('copy', models.PositiveSmallIntegerField(default=0)),
                ('body', models.TextField()),
                ('due_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('parked_at', models.DateTimeField(blank=True, null=True)),
                ('last_answer', models.CharField(blank=True, max_length=500)),
            ],
        ),
        migrations.CreateModel(
            name='StageChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stage', models.CharField(max_length=20)),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Upload',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(max_length=20)),
                ('name', models.CharField(max_length=80)),
                ('path', models.CharField(max_length=200)),
                ('sha256', models.CharField(max_length=64)),
                ('size', models.PositiveBigIntegerField()),
                ('done_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Batch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('size', models.PositiveIntegerField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('size__gt', 0)), name='batch_has_kits')],
            },
        ),
        migrations.CreateModel(
            name='Kit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('made', 'Made'), ('assigned', 'Assigned'), ('packed', 'Packed'), ('shipped', 'Shipped'), ('received', 'Received'), ('used_up', 'Used Up'), ('lost', 'Lost'), ('withdrawn', 'Withdrawn')], default='made', max_length=10)),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='kits', to='lab.batch')),
            ],
        ),
        migrations.CreateModel(
            name='Code',
            fields=[
                ('value', models.CharField(max_length=20, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('kit', 'kit'), ('tube', 'tube'), ('outbound', 'outbound'), ('return', 'return')], max_length=10)),
                ('kit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='codes', to='lab.kit')),
            ],
        ),
        migrations.CreateModel(
            name='SealedRecipient',
            fields=[
                ('order', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='recipient', serialize=False, to='lab.order')),
                ('sealed', models.BinaryField()),
            ],
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('parked_at__isnull', True)), fields=['next_step_at'], name='order_due'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['stage', '-taken_at'], name='order_by_stage'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['-taken_at', '-id'], name='order_newest'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('stage__in', ['accepted', 'packed', 'shipped', 'delivered', 'returning', 'received', 'sequencing', 'reads_written', 'uploaded', 'sequenced', 'undeliverable', 'lost', 'sample_rejected', 'cancelled'])), name='order_stage_known'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('stage__in', ['cancelled', 'lost', 'sample_rejected', 'sequenced', 'undeliverable']), _negated=True), ('next_step_at__isnull', True), _connector='OR'), name='order_ended_has_no_next_step'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('parked_at__isnull', True), models.Q(('trouble', ''), _negated=True), _connector='OR'), name='order_parked_says_why'),
        ),
        migrations.AddField(
            model_name='kit',
            name='order',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='box', to='lab.order'),
        ),
        migrations.AddField(
            model_name='outboxevent',
            name='order',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='outbox', to='lab.order'),
        ),
        migrations.AddField(
            model_name='stagechange',
            name='order',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='history', to='lab.order'),
        ),
        migrations.AddField(
            model_name='upload',
            name='order',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='uploads', to='lab.order'),
        ),
        migrations.AddConstraint(
            model_name='code',
            constraint=models.UniqueConstraint(fields=('kit', 'kind'), name='code_one_of_each_kind'),
        ),
        migrations.AddIndex(
            model_name='kit',
            index=models.Index(condition=models.Q(('state', 'made')), fields=['id'], name='kit_in_stock'),
        ),
        migrations.AddConstraint(
            model_name='kit',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('order__isnull', True), ('state', 'made')), models.Q(models.Q(('state', 'made'), _negated=True), ('order__isnull', False)), _connector='OR'), name='kit_in_stock_has_no_order'),
        ),
        migrations.AddIndex(
            model_name='outboxevent',
            index=models.Index(condition=models.Q(('sent_at__isnull', True)), fields=['order', 'id'], name='outbox_owed'),
        ),
        migrations.AddConstraint(
            model_name='outboxevent',
            constraint=models.UniqueConstraint(fields=('order', 'type', 'copy'), name='outbox_one_of_each_type'),
        ),
        migrations.AddConstraint(
            model_name='outboxevent',
            constraint=models.UniqueConstraint(fields=('event_id', 'copy'), name='outbox_event_id_unique'),
        ),
        migrations.AddConstraint(
            model_name='outboxevent',
            constraint=models.CheckConstraint(condition=models.Q(('sent_at__isnull', True), ('parked_at__isnull', True), _connector='OR'), name='outbox_sent_is_not_parked'),
        ),
        migrations.AddConstraint(
            model_name='stagechange',
            constraint=models.UniqueConstraint(fields=('order', 'stage'), name='history_stage_once'),
        ),
        migrations.AddConstraint(
            model_name='upload',
            constraint=models.UniqueConstraint(fields=('order', 'role'), name='upload_one_of_each_role'),
        ),
    ]
