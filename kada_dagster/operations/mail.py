"""Alerts as e-mail: RFC 5322 by the standard library, SMTP with STARTTLS, TLS or neither."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING

from kada_dagster.hwm.window import utc_now
from kada_dagster.operations.channel import LONGEST_REASON, DeliveryError, TooLongError
from kada_dagster.operations.texts import plain_text, subject_line
from kada_dagster.secrets import redact, spellings

if TYPE_CHECKING:
    from kada_dagster.config.alerts import EmailChannelSettings
    from kada_dagster.operations.notices import Message


_TOO_LONG = ("552 5.3.4", "552 5.2.3")
"""How a server says that a mail is longer than it takes (RFC 3463); 552 alone may be a quota."""


@dataclass(frozen=True)
class MailChannel:
    """Sends messages to the addresses of a channel.

    Attributes:
        settings: of the channel.
        base_url: address of Dagster's UI, for links.
    """

    settings: EmailChannelSettings
    base_url: str | None = None

    def send(self, message: Message) -> str:
        """Send a message; one that some of the addresses have got counts as sent."""
        mail = self.composed(message)
        with self._session() as server:
            refused = server.send_message(mail)
        return f"refused: {', '.join(sorted(refused))}" if refused else ""

    def check(self) -> None:
        """Connect and log in, and send nothing.

        Raises:
            DeliveryError: that cannot be done.
            ConfigError: a secret is not there.
        """
        with self._session() as server:
            server.noop()

    def composed(self, message: Message) -> EmailMessage:
        """The mail of a message. Its Message-ID is the same each time."""
        mail = EmailMessage()
        mail["Subject"] = f"[kada] {subject_line(message)}"
        mail["From"] = self.settings.sender
        mail["To"] = ", ".join(self.settings.to)
        mail["Date"] = format_datetime(utc_now())
        mail["Message-ID"] = f"<kada-{message.id}@{self.settings.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
        mail.set_content(plain_text(message, self.base_url))
        return mail

    @contextmanager
    def _session(self) -> Generator[smtplib.SMTP]:
        """The server, after the login."""
        secrets = [secret.reveal() for secret in self.settings.secrets()]
        login = "\0".join(("", *secrets))  # as it is sent, in Base64 (RFC 4616)
        with _failures(self.settings, [*secrets, login]):
            server = self._connected()
            try:
                if secrets:
                    server.login(*secrets)
                yield server
            finally:
                with suppress(OSError, smtplib.SMTPException):
                    server.quit()  # by then a message is taken or not

    def _connected(self) -> smtplib.SMTP:
        """A connection, protected as configured, before any secret goes over it."""
        host, port = self.settings.server
        name, timeout = socket.gethostname(), self.settings.timeout
        context = ssl.create_default_context(cafile=self.settings.ca_file)
        if self.settings.security == "tls":
            return smtplib.SMTP_SSL(host, port, name, timeout=timeout, context=context)
        server = smtplib.SMTP(host, port, name, timeout=timeout)
        if self.settings.security == "starttls":
            try:
                server.starttls(context=context)
            except BaseException:
                server.close()
                raise
        return server


@contextmanager
def _failures(settings: EmailChannelSettings, secrets: list[str]) -> Generator[None]:
    """Turn what smtplib raises into a line that names the server and holds no secret."""
    host, port = settings.server
    try:
        yield
    except (OSError, smtplib.SMTPException, ValueError) as error:
        said = " ".join(redact(_said(error), spellings(secrets)).split())[:LONGEST_REASON]
        kind = TooLongError if _is_too_long(error) else DeliveryError
        raise kind(f"mail server {host}:{port}: {said}") from None


def _is_too_long(error: Exception) -> bool:
    if not isinstance(error, smtplib.SMTPResponseException):
        return False
    return _answer(error.smtp_code, error.smtp_error).startswith(_TOO_LONG)


def _said(error: Exception) -> str:
    """What the error says, whole: it is cut when secrets are out of it."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        answers = [_answer(code, text) for code, text in error.recipients.values()]
        return f"refuses all addresses: {answers[0]}"
    if isinstance(error, smtplib.SMTPAuthenticationError):
        answer = _answer(error.smtp_code, error.smtp_error)
        return f"refuses the login, check username and password: {answer}"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"answers {_answer(error.smtp_code, error.smtp_error)}"
    return _no_answer(error)


def _no_answer(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return f"{error}; check `security`"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message}); see ca_file"
    if isinstance(error, ssl.SSLError):
        return f"no TLS there ({error.reason}); check security and port"
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return "does not answer in time"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return f"closed the connection ({error})"
    return f"{type(error).__name__}: {error}"


def _answer(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {words}"
