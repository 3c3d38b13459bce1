"""The Hightouch extractor: a workspace's models, syncs and runs as rows of the extract contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from kada_dagster.api.values import text
from kada_dagster.collector.extractor import Extractor as BaseExtractor
from kada_dagster.errors import ConfigError
from kada_dagster.extracts.code_masking import CodeMasker
from kada_dagster.extracts.contract import EVENTS, LINKAGE, META
from kada_dagster.extracts.identity import object_id
from kada_dagster.extracts.mapping import ConnectionMapping
from kada_dagster.extracts.output import Output
from kada_dagster.extracts.writer import ExtractWriter
from kada_dagster.hightouch.client import BASE_URL, HightouchClient, Workspace
from kada_dagster.hightouch.inventory import write_connections
from kada_dagster.hightouch.lists import Listed, lists
from kada_dagster.hightouch.models import Models
from kada_dagster.hightouch.reading import Reading
from kada_dagster.hightouch.runs import RunReader, RunsFound
from kada_dagster.hightouch.syncs import Syncs, sync_item
from kada_dagster.hwm.window import Window
from kada_dagster.secrets import Secret

DEFAULT_HOST = "app.hightouch.com"


class Extractor(BaseExtractor):
    """Extracts the metadata, lineage and runs of a Hightouch workspace.

    The first six arguments are the vendor's; the others are this project's.

    Args:
        api_token: API key of the workspace, or a reference such as `${HIGHTOUCH_API_TOKEN}` that
            is resolved when it connects.
        mapping: names of Hightouch's sources and destinations to their host, or host and
            database, in K.
        timeout: seconds for a connection, and for every silence of the server.
        output_path: folder for the extracts, full or relative, or the URL of a shared place.
        mask: replace literals and comments in code, and leave out error texts.
        compress: gzip the files.
        name: name of the collector instance.
        host: label of the workspace in K; `app.hightouch.com` by default.
        base_url: address of the API.
        concurrency: requests at the same time.
        lookback_hours: how long before the window a run that ended in it may have started.

    Attributes:
        calls: requests the last `read` or `test_connection` sent.

    Raises:
        ConfigError: an argument is unusable.
    """

    source_type: ClassVar[str] = "hightouch"

    def __init__(  # noqa: PLR0917 - the vendor's positional arguments
        self,
        api_token: str | Secret | None = None,
        mapping: Mapping[str, Any] | None = None,
        timeout: float = 20,
        output_path: str | Path = "./output",
        mask: bool = False,
        compress: bool = False,
        *,
        name: str = "hightouch",
        host: str | None = None,
        base_url: str | None = None,
        concurrency: int = 8,
        lookback_hours: float = 24,
    ) -> None:
        if not api_token:
            message = "api_token: missing; give it, or a reference like ${HIGHTOUCH_API_TOKEN}"
            raise ConfigError(message)
        super().__init__(
            name=name,
            host=host or DEFAULT_HOST,
            output_path=output_path,
            mask=mask,
            compress=compress,
        )
        token = api_token if isinstance(api_token, Secret) else Secret.parse(api_token)
        self.workspace = Workspace(token, base_url or BASE_URL, timeout, concurrency)
        self.mapping = dict(mapping or {})
        ConnectionMapping(self.mapping)  # refuses what it cannot read, before any call
        self.lookback = timedelta(hours=lookback_hours)
        self.calls = 0

    @property
    def families(self) -> tuple[str, ...]:
        """META, LINKAGE and EVENTS, always."""
        return META, LINKAGE, EVENTS

    def test_connection(self) -> None:
        """Read one source of the workspace."""
        with closing(self.workspace.open()) as client:
            client.check()

    def read(self, window: Window, writer: ExtractWriter) -> None:
        """Read the workspace. META and LINKAGE are the state now; EVENTS follow the window."""
        with closing(self.workspace.open()) as client:
            try:
                self._read(client, window, writer)
            finally:
                self.calls = client.api.calls

    def _read(self, client: HightouchClient, window: Window, writer: ExtractWriter) -> None:
        output, masker = Output(writer), CodeMasker(self.mask)
        mapping = ConnectionMapping(self.mapping, writer.warn)
        reading = Reading(self.host, output, masker, mapping)
        reader = RunReader(client, window, self.lookback, self.mask)
        with closing(lists(client, reader)) as listed:
            for kind, known in (("source", reading.sources), ("destination", reading.destinations)):
                write_connections(reading, kind, (given for given, _ in next(listed)), known)
                self.on_progress(f"{kind}s", len(known))
            models = self._write_models(reading, next(listed))
            self._write_syncs(Syncs(reading, models), next(listed))
        if masker.blanked:
            writer.warn("code_blanked", "code that cannot be masked", masker.blanked)
        output.close()

    def _write_models(self, reading: Reading, listed: Iterator[Listed]) -> Models:
        models, count = Models(reading), 0
        for count, (given, _) in enumerate(listed, 1):  # noqa: B007
            models.write(given)
        models.write_inherited()
        self.on_progress("models", count)
        return models

    def _write_syncs(self, syncs: Syncs, listed: Iterator[Listed]) -> None:
        count = runs = 0
        for count, (given, found) in enumerate(listed, 1):  # noqa: B007
            number = text(given.get("id"))
            if not number:
                syncs.reading.output.warn("without_id", "sync")
                continue
            syncs.write(given)
            _write_runs(syncs.reading, number, found)
            runs += len(found.runs)
        self.on_progress("syncs", count)
        self.on_progress("runs", runs)


def _write_runs(reading: Reading, sync: str, found: RunsFound) -> None:
    """Write the runs of a sync, and count what is odd about them."""
    item = sync_item(reading, sync)
    for run in found.runs:
        event_id = object_id(reading.host, "run", sync, run.id)
        reading.output.run(event_id, item, run.ended, **run.fields)
    if not found.is_there:
        reading.output.warn("sync_vanished", f"sync {sync}")
    for code, numbers in (
        ("run_without_end", found.without_end),
        ("run_near_lookback", found.near_lookback),
    ):
        for number in numbers:
            reading.output.warn(code, f"sync {sync}, run {number}")
