"""What a mail server's refusal means."""

import smtplib

REFUSALS = (
    smtplib.SMTPRecipientsRefused,
    smtplib.SMTPResponseException,
    smtplib.SMTPNotSupportedError,
    UnicodeEncodeError,
)


def is_final(error: Exception) -> bool:
    """Whether the same mail would be refused for ever: a code of 500 or more, or an address that SMTP can't spell."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return False  # our own set-up, which somebody will mend
    return error.smtp_code >= 500 if isinstance(error, smtplib.SMTPResponseException) else True
