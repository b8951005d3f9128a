"""E-mail without a mail server: a file per message in the data folder, and the text on the console."""

from django.core.mail import EmailMessage
from django.core.mail.backends.filebased import EmailBackend


class FileAndConsole(EmailBackend):
    """For trying things out. The console shows reset links: with real customers set KITLOOP_SHOP_SMTP_URL."""

    def write_message(self, message: EmailMessage) -> None:
        super().write_message(message)
        print(f"\n--- e-mail: {message.subject}\n{message.body}\n---", flush=True)  # noqa: T201 - that is its purpose
