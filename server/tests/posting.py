"""The post office: carries out the jobs of letters that are owed."""

import re

from django.core import mail
from django.core.mail import EmailMessage
from django.db import connection
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob


def posted() -> list[EmailMessage]:
    """The letters that were owed, sent now."""
    before = len(mail.outbox)
    for job in ProcrastinateJob.objects.filter(status="todo", queue_name="mail").order_by("id"):
        app.tasks[job.task_name].func(**job.args)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs WHERE id = %s", [job.id])
    return list(mail.outbox[before:])


def link_in(letter: EmailMessage) -> str:
    """The path of the one link of ours in it that holds a token."""
    (path,) = re.findall(r"http://127\.0\.0\.1:8000(/[a-z-]+/[^/\s]+/\S+)", str(letter.body))
    return str(path)
