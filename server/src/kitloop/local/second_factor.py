"""`kitloop turn-off-mfa`: for who lost both the app and the backup tokens, and has no owner to ask."""

import click

from kitloop.local.setup import platform


@click.command(epilog="Example: kitloop turn-off-mfa ann@acme.example")
@click.argument("email")
def turn_off_mfa(email: str) -> None:
    """Let a user log in with the password alone.

    Until they set two-step login up again. They get a letter about it.
    """
    with platform():
        from kitloop.accounts.models import User
        from kitloop.accounts.second_factor import NothingSetUp, turn_off
        from kitloop.events.audit import audit

        user = User.objects.filter(email=email.strip().lower()).first()
        if user is None:
            raise click.ClickException("There is no user with this e-mail address.")
        try:
            turn_off(user)
        except NothingSetUp as error:
            raise click.ClickException(str(error)) from None
        audit("second-factor-off.post", organization_id=user.organization_id, user_id=None, subjects=[user.id])
        click.echo(f"{user.email} logs in with the password alone from now on.")
