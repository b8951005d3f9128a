"""The tasks: thin, named, each one verb of the app that it works for. Queued by name from below (base.jobs.defer)."""

import logging
import random
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from procrastinate import BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.contrib.django import app
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Job, Status

from kitloop.accounts.invitations import send_invitation
from kitloop.accounts.letters import send_letter as send_account_letter
from kitloop.accounts.logins import forget_logins
from kitloop.accounts.unactivated import forget_unactivated
from kitloop.base.idempotency import forget_keys
from kitloop.base.jobs import defer
from kitloop.base.limits import forget_windows
from kitloop.events.audit import forget_entries
from kitloop.kits.letters import send_letter
from kitloop.kits.links import forget_links
from kitloop.kits.models import Kit, Letter
from kitloop.labs.cancel import cancel_at_lab
from kitloop.labs.inbox import uploads_named
from kitloop.labs.submit import submit
from kitloop.runs.arrays import forget_drafts
from kitloop.runs.execute import AnalysisFailed, execute, give_up
from kitloop.runs.identity import compare_in_project
from kitloop.runs.models import Run
from kitloop.runs.opening import open_run
from kitloop.runs.rsids import index_rsids
from kitloop.webhooks.drain import aside
from kitloop.worker import deliveries  # noqa: F401 the tasks of webhooks; only this module is looked for at start

log = logging.getLogger(__name__)
STALLED_SECONDS = 4.0
KEPT_DAYS = 30
GIVE_UP_ATTEMPTS = 20  # an analysis that takes its worker down, or is ended, each time


class GrowingPauses(BaseRetryStrategy):
    """Again after 1, 2, 4 … seconds, at most `longest`, ±20 %; for as long as it takes."""

    def __init__(self, *, longest: float) -> None:
        self.longest = longest

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:
        pause = min(self.longest, 2.0 ** min(job.attempts, 16)) * random.uniform(0.8, 1.2)  # noqa: S311 not a secret
        return RetryDecision(retry_in={"milliseconds": int(pause * 1000)})


@app.task(name="labs.submit", queue="lab", retry=GrowingPauses(longest=60))
def submit_kit(kit_id: str) -> None:
    submit(UUID(kit_id))


@app.task(name="labs.cancel", queue="lab", retry=GrowingPauses(longest=60))
def cancel_kit(kit_id: str) -> None:
    cancel_at_lab(UUID(kit_id))


@app.task(name="kits.send_letter", queue="mail", retry=GrowingPauses(longest=600))
def write_letter(kit_id: str, kind: str) -> None:
    send_letter(UUID(kit_id), kind)


@app.task(name="accounts.send_invitation", queue="mail", retry=GrowingPauses(longest=600))
def write_invitation(invitation_id: str) -> None:
    send_invitation(UUID(invitation_id))


@app.task(name="accounts.send_letter", queue="mail", retry=GrowingPauses(longest=600))
def write_account_letter(user_id: str, kind: str, until: str) -> None:
    send_account_letter(UUID(user_id), kind, until=datetime.fromisoformat(until))


@app.task(name="runs.open", queue="lab", retry=GrowingPauses(longest=60))
def begin_run(kit_id: str, uploads: dict[str, str]) -> None:
    open_run(UUID(kit_id), {role: UUID(upload) for role, upload in uploads.items()})


@app.task(name="runs.execute", queue="analysis", retry=GrowingPauses(longest=60), pass_context=True)
def execute_run(context: JobContext, run_id: str) -> None:
    """Tried until it ends one way or the other: `execute` counts what is the analysis' own fault, a restart is not."""
    try:
        execute(UUID(run_id), should_stop=context.should_abort)
    except AnalysisFailed:
        if context.job.attempts < GIVE_UP_ATTEMPTS:
            raise
        give_up(UUID(run_id), note=f"The analysis was begun {GIVE_UP_ATTEMPTS} times and never came to its end.")


@app.task(name="runs.compare", queue="analysis", retry=GrowingPauses(longest=600))
def compare_sample(sample_id: str) -> None:
    compare_in_project(UUID(sample_id))


@app.task(name="runs.index_rsids", queue="analysis")
def index_names(vcf_key: str) -> None:
    index_rsids(vcf_key)


@app.periodic(cron="* * * * * */2")  # the sixth field: seconds
@app.task(name="housekeeping.rescue", queue="housekeeping", queueing_lock="rescue", pass_context=True)
async def rescue(context: JobContext, timestamp: int) -> None:
    """Gives the jobs of workers that died to the living."""
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        assert job.id is not None
        # Attempts count ordinary retries too; only an analysis is heavy enough to take a worker down.
        if job.attempts >= GIVE_UP_ATTEMPTS and job.task_name == "runs.execute":
            log.error("job %s (%s) took %s workers down; it is kept as failed", job.id, job.task_name, job.attempts)
            note = f"The analysis was begun {job.attempts} times, and its worker died each time."
            await aside(give_up, UUID(str(job.task_kwargs["run_id"])), note=note)
            await app.job_manager.finish_job_by_id_async(job.id, status=Status.FAILED, delete_job=False)
            continue
        try:
            await app.job_manager.retry_job(job)
        except UniqueViolation:  # a twin is queued and will do the work; this one must give up its lock
            await app.job_manager.finish_job_by_id_async(job.id, status=Status.FAILED, delete_job=False)


@app.periodic(cron="* * * * *")
@app.task(name="housekeeping.owed", queue="housekeeping", queueing_lock="owed")
def ring_for_what_is_owed(timestamp: int) -> None:
    """A second look at what should have a job: kits not passed to a lab, analyses and letters, some minutes old.

    Their jobs committed with them; this is for jobs that were given up or deleted by hand. Doing them twice is safe.
    """
    from procrastinate.contrib.django.models import ProcrastinateJob

    late = timezone.now() - timedelta(minutes=5)
    waiting: list[dict[str, Any]] = list(
        ProcrastinateJob.objects.filter(
            status__in=["todo", "doing"], task_name__in=["labs.submit", "kits.send_letter", "runs.open", "runs.execute"]
        ).values_list("args", flat=True)
    )
    queued = {(row.get("kit_id") or row["run_id"], row.get("kind")) for row in waiting}
    for kit_id in Kit.objects.filter(state="requested", created__lt=late).values_list("id", flat=True)[:500]:
        if (str(kit_id), None) not in queued:
            defer("labs.submit", kit_id=str(kit_id))
    unopened = Kit.objects.filter(state="sequenced", run=None, sample__status="kit_ordered", moves__state="sequenced")
    for kit in unopened.filter(moves__recorded__lt=late)[:500]:
        if (str(kit.id), None) not in queued and (uploads := uploads_named(kit)):
            defer("runs.open", kit_id=str(kit.id), uploads=uploads)
    unfinished = Run.objects.filter(state__in=["queued", "running"], created__lt=late)
    for run_id in unfinished.values_list("id", flat=True)[:500]:
        if (str(run_id), None) not in queued:
            defer("runs.execute", run_id=str(run_id))
    unsent = Letter.objects.filter(Q(sent=None) & Q(given_up=None) & Q(kit__moves__recorded__lt=late)).distinct()
    for kit_id, kind in unsent.values_list("kit_id", "kind")[:500]:
        if (str(kit_id), kind) not in queued:
            defer("kits.send_letter", kit_id=str(kit_id), kind=kind)


@app.periodic(cron="*/5 * * * *")
@app.task(name="housekeeping.windows", queue="housekeeping", queueing_lock="windows")
async def forget_who_asked(timestamp: int) -> None:
    await aside(forget_windows, older_than_minutes=5)


@app.periodic(cron="17 3 * * *")
@app.task(name="housekeeping.forget", queue="housekeeping", queueing_lock="forget")
async def forget(timestamp: int) -> None:
    """Once a day: idempotency keys after 30 days, and the rows of jobs that ended unsuccessfully after as many.

    Logins whose tokens have expired, and accounts that nobody activated; the audit log where the operator has set how long it is kept.
    """
    await aside(forget_keys, older_than=timedelta(days=KEPT_DAYS))
    await aside(forget_logins)
    await aside(forget_links, older_than=timedelta(days=KEPT_DAYS))
    await aside(forget_drafts, older_than_seconds=3600)
    await aside(forget_unactivated, older_than=timedelta(days=KEPT_DAYS))
    if settings.KITLOOP_AUDIT_DAYS:
        await aside(forget_entries, older_than=timedelta(days=settings.KITLOOP_AUDIT_DAYS))
    await app.job_manager.delete_old_jobs(nb_hours=KEPT_DAYS * 24, include_failed=True)
