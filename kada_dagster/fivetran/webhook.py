"""A receiver of Fivetran's webhooks: it leaves a hint, so that the sensor looks at once.

    FIVETRAN_WEBHOOK_SECRET=... python -m kada_dagster.fivetran.webhook --folder hints --port 8080

Fivetran wants HTTPS: put a proxy in front. Nothing depends on what arrives here: the sensor
reports what the API says, whether or not it was hinted, and Fivetran stops delivering to a
receiver that was away for a day. Facts: https://fivetran.com/docs/rest-api/webhooks.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Generator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import SHUT_RDWR
from threading import Thread, Timer
from typing import Any, cast

from kada_dagster.errors import ConfigError
from kada_dagster.fivetran.watch.hints import Hints
from kada_dagster.secrets import Secret

SIGNATURE = "X-Fivetran-Signature-256"
"""The header that holds the HMAC-SHA256 of the raw body, as hexadecimal digits of either case."""

HINTING = frozenset({"sync_end", "connection_successful", "connection_failure"})
"""The events after which there may be something to report; others are acknowledged."""

_LONGEST = 1_000_000
_SECONDS = 10
_WHOLE_SECONDS = 30.0
"""For a whole delivery: who sends a byte now and then keeps no thread for longer."""

_log = logging.getLogger("kada_dagster")


def is_signed(body: bytes, signature: str, secret: str) -> bool:
    """Whether a body was signed with a secret.

    Args:
        body: as it came, not a byte changed.
        signature: the header.
        secret: of the webhook.
    """
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    given = signature.strip().lower()
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))


def receive(body: bytes, signature: str, secret: str, hints: Hints) -> int:
    """Take one delivery.

    Args:
        body: as it came.
        signature: the header; '' for none.
        secret: of the webhook.
        hints: where a hint is left.

    Returns:
        The status to answer with: 200, 400 for what is no event, 401 for a wrong signature.
    """
    if not is_signed(body, signature, secret):
        return 401
    try:
        event: Any = json.loads(body)
        kind = str(event["event"])
    except (ValueError, KeyError, TypeError):
        return 400
    if kind in HINTING:
        hints.leave(body)
    return 200


class _Server(ThreadingHTTPServer):
    """Answers each delivery in a thread of its own."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], hints: Hints, secret: str) -> None:
        super().__init__(address, _Handler)
        self.hints, self.secret = hints, secret


class _Handler(BaseHTTPRequestHandler):
    """One delivery."""

    timeout = _SECONDS

    def setup(self) -> None:
        """Watch the time it takes."""
        super().setup()
        self._end = Timer(_WHOLE_SECONDS, self._hang_up)
        self._end.daemon = True
        self._end.start()

    def finish(self) -> None:
        """It is over."""
        self._end.cancel()
        super().finish()

    def do_POST(self) -> None:
        """Acknowledge at once; there is nothing to do but to write a file."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or len(length) > 9 or int(length) > _LONGEST:
            self.close_connection = True
            return self._answer(413 if length.isdecimal() else 411)
        body = self.rfile.read(int(length))
        signature = self.headers.get(SIGNATURE, "")
        try:
            server = cast("_Server", self.server)
            status = receive(body, signature, server.secret, server.hints)
        except OSError as error:  # Fivetran delivers again what is answered with an error
            _log.error("webhook: the hint could not be written: %s", error.strerror)
            status = 500
        return self._answer(status)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _hang_up(self) -> None:
        with suppress(OSError):
            self.connection.shutdown(SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:
        """Into our log, not to the error stream; without what would steer a terminal, for anybody
        may send it."""
        said = "".join(
            char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in format % args
        )
        _log.info("webhook: %s", said)


@contextmanager
def receiver(
    hints: Hints, secret: Secret, *, host: str = "127.0.0.1", port: int = 8080
) -> Generator[int, None, None]:
    """Receive webhooks until the block ends.

    Args:
        hints: where hints are left.
        secret: of the webhook.
        host: address to listen on.
        port: to listen on; 0 for a free one.

    Yields:
        The port.

    Raises:
        ConfigError: the secret cannot be looked up, or is empty: anybody signs with that.
        OSError: the port is taken.
    """
    value = secret.reveal()
    if not value.strip():
        raise ConfigError(f"{secret}: is empty; set it to the secret of the webhook")
    with _Server((host, port), hints, value) as server:
        thread = Thread(target=server.serve_forever, name="fivetran-webhooks", daemon=True)
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
            thread.join()


def main() -> None:
    """Receive webhooks until interrupted."""
    import click

    @click.command(help=__doc__)
    @click.option("--folder", required=True, type=click.Path(path_type=Path, file_okay=False))
    @click.option("--host", default="127.0.0.1", show_default=True)
    @click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535))
    @click.option("--secret-variable", default="FIVETRAN_WEBHOOK_SECRET", show_default=True)
    def serve(folder: Path, host: str, port: int, secret_variable: str) -> None:
        import signal

        ends = {signal.SIGINT, signal.SIGTERM}
        signal.pthread_sigmask(signal.SIG_BLOCK, ends)  # for all threads: one of them waits
        with receiver(Hints(folder), Secret(variable=secret_variable), host=host, port=port) as at:
            click.echo(f"listening on {host}:{at}")
            signal.sigwait(ends)

    serve()


if __name__ == "__main__":
    main()
