"""A real mail server that asks for STARTTLS, or speaks TLS at once, and for a login."""

from __future__ import annotations

import email
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from types import TracebackType
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from typing_extensions import Self

from kada_dagster.sandbox.free_port import free_port
from kada_dagster_tests.operations.site import PASSWORD, USER


@dataclass
class MailServer:
    """Takes mail while it is open; can be opened again at the same port.

    Attributes:
        certificate: of the server.
        key: its key.
        is_tls: speaks TLS from the first byte.
        refused: addresses it takes no mail for.
        answer: to the end of a mail, in place of taking it.
    """

    certificate: Path
    key: Path
    is_tls: bool = False
    refused: set[str] = field(default_factory=set[str])
    answer: str = ""
    mails: list[EmailMessage] = field(default_factory=list[EmailMessage])
    port: int = field(default_factory=free_port)

    def channel(self, **fields: Any) -> dict[str, Any]:
        """What kada.yaml says of a channel to it, with these fields in place of the usual ones."""
        return {
            "type": "email",
            "host": "127.0.0.1",
            "port": self.port,
            "username": "${TEST_MAIL_USER}",
            "password": "${TEST_MAIL_PASSWORD}",
            "ca_file": str(self.certificate),
            "from": "kada@example.org",
            "to": ["ops@example.org"],
            **fields,
        }

    async def handle_RCPT(
        self, _server: SMTP, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        if address in self.refused:
            return "550 5.1.1 nobody of that name here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Any, envelope: Any) -> str:
        if self.answer:
            return self.answer
        self.mails.append(email.message_from_bytes(envelope.content, policy=default))
        return "250 taken"

    def _authenticated(
        self, _server: SMTP, _session: Any, _envelope: Any, _mechanism: str, data: Any
    ) -> AuthResult:
        wanted = LoginPassword(USER.encode(), PASSWORD.encode())
        return AuthResult(success=data == wanted, handled=False)

    def __enter__(self) -> Self:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        how: dict[str, Any] = {"ssl_context": context} if self.is_tls else {}
        self._controller = Controller(
            self,
            "127.0.0.1",
            self.port,
            authenticator=self._authenticated,
            auth_required=True,
            auth_require_tls=not self.is_tls,
            require_starttls=not self.is_tls,
            tls_context=None if self.is_tls else context,
            **how,
        )
        self._controller.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._controller.stop()
