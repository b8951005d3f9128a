"""`kitloop serve`, `worker`, `migrate`, and the commands that make an organization and what it needs."""

import json
import os
import secrets
import sys
from datetime import UTC, date, datetime
from typing import Any

import click

from kitloop.local.processes import port_is_free
from kitloop.local.setup import database, load_django, migrate_in_a_process, platform

QUEUES = ("lab", "mail", "webhooks", "analysis", "housekeeping")
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for scripts.")


@click.command(epilog="Example: kitloop serve --port 8000")
@click.option("--host", default="127.0.0.1", envvar="KITLOOP_HOST", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=8000,
    type=click.IntRange(1, 65535),
    envvar="KITLOOP_PORT",
    show_default=True,
    help="Port to listen on (KITLOOP_PORT).",
)
@click.option("--workers", default=2, envvar="KITLOOP_WEB_WORKERS", show_default=True, help="Web processes.")
@click.option("--threads", default=8, envvar="KITLOOP_WEB_THREADS", show_default=True, help="Threads in each.")
@click.option("--migrate/--no-migrate", default=True, help="Bring the tables up to date first.")
@click.option("--pid-file", type=click.Path(dir_okay=False), help="Write the server's process id here.")
def serve(host: str, port: int, workers: int, threads: int, migrate: bool, pid_file: str | None) -> None:
    """Serve the API, the dashboard and the hosted pages."""
    if not port_is_free(host, port):
        click.echo(f"Error: port {port} on {host} is taken. Choose another with --port or KITLOOP_PORT.", err=True)
        sys.exit(2)
    os.environ.setdefault("KITLOOP_URL", f"http://{host}:{port}")
    load_django()  # a bad setting is told before a database is started
    with database():
        if migrate:
            migrate_in_a_process()
        from kitloop.local.web import run

        run(
            "kitloop.config.wsgi:application",
            bind=f"{host}:{port}",
            workers=workers,
            threads=threads,
            pid_file=pid_file,
        )


@click.command(epilog="Example: kitloop worker --queues analysis --concurrency 2")
@click.option(
    "--queues", default="", help="Only these queues, comma-separated: lab, mail, webhooks, analysis, housekeeping."
)
@click.option("--concurrency", default=8, type=click.IntRange(1), show_default=True, help="Jobs at once.")
@click.option("--migrate/--no-migrate", default=True, help="Bring the tables up to date first.")
def worker(queues: str, concurrency: int, migrate: bool) -> None:
    """Carry out the jobs.

    They are orders to labs, analyses, webhooks and e-mails. Run as many as you like, on machines that share the database.
    """
    chosen = [queue.strip() for queue in queues.split(",") if queue.strip()]
    if unknown := [queue for queue in chosen if queue not in QUEUES]:
        raise click.BadParameter(f"no queue {', '.join(unknown)}. Known: {', '.join(QUEUES)}.", param_hint="--queues")
    load_django()
    with database():
        if migrate:
            migrate_in_a_process()
        from kitloop.worker.run import run_worker

        run_worker(queues=chosen, concurrency=concurrency)


@click.command(epilog="Example: kitloop migrate")
def migrate() -> None:
    """Bring the database's tables up to date. Safe to do again, and while others do."""
    with database():
        migrate_in_a_process()
    click.echo("The tables are up to date.")


@click.command(epilog='Example: kitloop create-organization "Acme Health" --kit-ordering')
@click.argument("name")
@click.option("--kit-ordering", is_flag=True, help="Switch kit ordering on.")
@click.option("--consumer-reports", is_flag=True, help="Switch reports for its customers on.")
@click.option("--results-url", default="", help="Where its customers read their results; stands in their e-mails.")
@JSON
def create_organization(name: str, kit_ordering: bool, consumer_reports: bool, results_url: str, as_json: bool) -> None:
    """Make an organization. It is a tenant, with users and projects of its own."""
    with platform():
        from kitloop.accounts.models import Organization

        made = Organization(
            name=name.strip(),
            kit_ordering_enabled=kit_ordering,
            consumer_reports_enabled=consumer_reports,
            results_url=_web(results_url, "--results-url"),
        )
        _check(made)
        made.save()
        _say(as_json, f"Organization {made.name}: {made.id}", organization_id=str(made.id))


@click.command(epilog="Example: kitloop update-organization ID --kit-ordering")
@click.argument("organization")
@click.option("--kit-ordering/--no-kit-ordering", default=None, help="Switch kit ordering on or off.")
@click.option(
    "--consumer-reports/--no-consumer-reports", default=None, help="Switch reports for its customers on or off."
)
@click.option("--array-project", help="Id of its project for array data whose request names none.")
@click.option("--results-url", help="Where its customers read their results.")
@JSON
def update_organization(
    organization: str, kit_ordering: bool | None, consumer_reports: bool | None, array_project: str | None,
    results_url: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Change an organization's switches. What is not named stays as it is."""
    with platform():
        from kitloop.accounts.models import Organization
        from kitloop.projects.models import Project

        found = _by_id(Organization, organization, "organization")
        if kit_ordering is not None:
            found.kit_ordering_enabled = kit_ordering
        if consumer_reports is not None:
            found.consumer_reports_enabled = consumer_reports
        if array_project is not None:
            project = _by_id(Project, array_project, "project")
            if project.organization_id != found.id or project.deleted:
                raise click.BadParameter("this is not a project of the organization.", param_hint="--array-project")
            found.array_project_id = project.id
        if results_url is not None:
            found.results_url = _web(results_url, "--results-url")
        _check(found)
        found.save()
        is_on, reports = found.kit_ordering_enabled, found.consumer_reports_enabled
        said = (
            f"Organization {found.name}: kit ordering {'on' if is_on else 'off'}, "
            f"consumer reports {'on' if reports else 'off'}, array data into {found.array_project_id or 'no project'}, "
            f"results at {found.results_url or 'no address'}"
        )
        _say(
            as_json,
            said,
            organization_id=str(found.id),
            kit_ordering=is_on,
            consumer_reports=reports,
            array_project=str(found.array_project_id) if found.array_project_id else None,
            results_url=found.results_url,
        )


@click.command(epilog="Example: kitloop create-user ann@acme.example --organization ID --role owner")
@click.argument("email")
@click.option("--organization", required=True, help="The organization's id.")
@click.option("--role", default="owner", show_default=True, help="member, uploader, viewer, analyst, manager or owner.")
@click.option("--name", default="", help="The person's name.")
@click.option(
    "--password-file", type=click.File(), help="Read the password from here; without it, one is made and printed."
)
@JSON
def create_user(email: str, organization: str, role: str, name: str, password_file: Any, as_json: bool) -> None:
    """Make a user of an organization. They can log in to the dashboard and make API keys there."""
    with platform():
        from kitloop.accounts.models import Organization, User
        from kitloop.accounts.roles import ROLES

        if role not in ROLES:
            raise click.BadParameter(f"{role} is not a role. One of: {', '.join(ROLES)}.", param_hint="--role")
        found = _by_id(Organization, organization, "organization")
        if User.objects.filter(email=email.lower()).exists():
            raise click.ClickException("There is a user with this e-mail address.")
        password = password_file.read().strip() if password_file else secrets.token_urlsafe(15)
        user = User(email=email.strip().lower(), name=name, organization=found, role=role, activated=datetime.now(UTC))
        if not password:
            raise click.ClickException("The password file is empty.")
        user.set_password(password)
        _check(user)
        user.save()
        said = f"User {user.email} ({role}): {user.id}" + ("" if password_file else f"\nPassword: {password}")
        _say(as_json, said, user_id=str(user.id), email=user.email, password=None if password_file else password)


@click.command(epilog='Example: kitloop create-project "Kits" --organization ID')
@click.argument("name")
@click.option("--organization", required=True, help="The organization's id.")
@click.option(
    "--capability", help="Id of the pipeline capability to analyze with; by default the first registered one."
)
@JSON
def create_project(name: str, organization: str, capability: str | None, as_json: bool) -> None:
    """Make a project. Kit orders go into projects, and each has its analysis."""
    with platform():
        from kitloop.accounts.models import Organization
        from kitloop.pipelines.models import Capability
        from kitloop.pipelines.register import first_registered
        from kitloop.projects.models import Project

        chosen = _by_id(Capability, capability, "pipeline capability") if capability else first_registered()
        owner = _by_id(Organization, organization, "organization")
        made = Project(name=name.strip(), organization=owner, capability=chosen)
        _check(made)
        made.save()
        _say(as_json, f"Project {made.name}: {made.id}", project_id=str(made.id))


@click.command(epilog="Example: kitloop create-api-key ann@acme.example --name production")
@click.argument("email")
@click.option("--name", default="command line", show_default=True, help="What it is for, at most 50 characters.")
@click.option("--expires", type=click.DateTime(["%Y-%m-%d"]), help="The last day on which it works.")
@JSON
def create_api_key(email: str, name: str, expires: datetime | None, as_json: bool) -> None:
    """Make an API key that acts as a user. It is printed once; only its hash is kept."""
    with platform():
        from kitloop.accounts.keys import create_api_key as make
        from kitloop.accounts.models import User

        user = User.objects.filter(email=email.strip().lower()).first()
        if user is None:
            raise click.ClickException(
                "There is no user with this e-mail address. Make one with `kitloop create-user`."
            )
        until: date | None = expires.date() if expires else None
        if until is not None and until < datetime.now(UTC).date():
            raise click.BadParameter("this day is past.", param_hint="--expires")
        made, text = make(user, name=name[:50], expiry_date=until)
        _say(as_json, f"API key (shown only now): {text}", api_key=text, id=str(made.id))


@click.command(epilog="Example: kitloop create-lab sandbox --url http://127.0.0.1:8020 --sandbox")
@click.argument("slug")
@click.option("--url", help="Where the lab listens (docs/lab-protocol.md).")
@click.option("--name", default="", help="The lab's name.")
@click.option("--disable", is_flag=True, help="Send it no more orders; without this, it is switched on.")
@click.option("--sandbox", is_flag=True, help="It takes the test orders (all orders, where KITLOOP_SANDBOX is set).")
@click.option(
    "--secret-file",
    type=click.File(),
    help="Read the shared secret from here; without it, a new lab gets one that is made and printed.",
)
@click.option("--new-secret", is_flag=True, help="Make a new secret for a lab that is there, and print it.")
@JSON
def create_lab(
    slug: str,
    url: str | None,
    name: str,
    disable: bool,
    sandbox: bool,
    secret_file: Any,
    new_secret: bool,
    as_json: bool,
) -> None:
    """Set up a lab, or change one that is there. Its secret stays unless another is given or asked for."""
    with platform():
        from kitloop.base.sealed import seal
        from kitloop.labs.models import Lab

        lab = Lab.objects.filter(slug=slug).first() or Lab(slug=slug)
        is_new = lab.pk is None
        if url is None and is_new:
            raise click.UsageError("A new lab needs --url.")
        lab.url = _web(lab.url if url is None else url, "--url")
        lab.name = name or lab.name or slug
        lab.is_enabled = not disable
        if disable and not is_new:  # stays what it is: only the switch is turned
            secret = None
        else:
            lab.is_sandbox = sandbox
            secret = _secret_of(secret_file) if secret_file else None
            if secret is None and (is_new or new_secret):
                secret = secrets.token_urlsafe(32)
            if secret is not None:
                try:
                    lab.sealed_secret = seal(secret)
                except ValueError:
                    raise click.ClickException("The sealing keys can't be used. `kitloop doctor` says more.") from None
        _check(lab, fields_only=True)  # a wrong slug is the first thing to say, and then who is in the way
        other = Lab.objects.filter(is_sandbox=lab.is_sandbox, is_enabled=True).exclude(slug=slug).first()
        if lab.is_enabled and other is not None:
            raise click.ClickException(
                f"The lab {other.slug} takes these orders already. Switch it off first: "
                f"kitloop create-lab {other.slug} --disable --url {other.url}{' --sandbox' if other.is_sandbox else ''}"
            )
        _check(lab)
        lab.save()
        shown = None if secret_file else secret
        said = f"Lab {slug} at {lab.url}{' (switched off)' if disable else ''}" + (
            f"\nShared secret: {shown}" if shown else ""
        )
        _say(as_json, said, slug=slug, secret=shown)


def _secret_of(file: Any) -> str:
    try:
        secret: str = file.read().strip()
    except (OSError, UnicodeDecodeError):
        raise click.ClickException("The secret file can't be read as text.") from None
    if not secret:
        raise click.ClickException("The secret file is empty.")
    return secret


def _web(url: str, option: str) -> str:
    if url and not url.lower().startswith(("http://", "https://")):
        raise click.BadParameter("must begin with http:// or https://.", param_hint=option)
    return url


def _check(row: Any, *, fields_only: bool = False) -> None:
    from django.core.exceptions import ValidationError

    try:
        row.full_clean(exclude=["password"], validate_constraints=not fields_only)
    except ValidationError as error:
        said = "; ".join(f"{name}: {' '.join(words)}" for name, words in error.message_dict.items())
        raise click.ClickException(said) from None


def _by_id(model: Any, text: str, what: str) -> Any:
    from django.core.exceptions import ValidationError

    try:
        found = model.objects.filter(pk=text).first()
    except ValidationError:
        found = None
    if found is None:
        raise click.ClickException(f"There is no {what} with the id {text}.")
    return found


def _say(as_json: bool, text: str, **facts: Any) -> None:
    click.echo(json.dumps(facts) if as_json else text)
