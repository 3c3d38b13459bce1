"""The Fivetran extractor: an account's connections and syncs as rows of the extract contract."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from kada_dagster.api.budget import RateBudget, shared_budget
from kada_dagster.api.kept_answers import KeptAnswers
from kada_dagster.collector.extractor import Extractor as BaseExtractor
from kada_dagster.errors import ConfigError
from kada_dagster.extracts.contract import EVENTS, LINKAGE, META
from kada_dagster.extracts.mapping import ConnectionMapping
from kada_dagster.extracts.output import Output
from kada_dagster.extracts.staging import Staging
from kada_dagster.extracts.writer import ExtractWriter
from kada_dagster.fivetran.client import BASE_URL, Account, FivetranClient
from kada_dagster.fivetran.extraction.asking import Asking
from kada_dagster.fivetran.extraction.connections import Connections
from kada_dagster.fivetran.extraction.crawl import Crawl
from kada_dagster.fivetran.extraction.reading import Reading
from kada_dagster.fivetran.extraction.syncs import SyncReader
from kada_dagster.hwm.window import Window
from kada_dagster.secrets import Secret

DEFAULT_HOST = "fivetran.com"
COLUMNS_PER_MINUTE, COLUMNS_PER_HOUR = 500, 5000
"""What a paid account may ask of sources (https://fivetran.com/docs/rest-api/rate-limiting)."""


class Extractor(BaseExtractor):
    """Extracts the metadata, lineage and syncs of a Fivetran account.

    The first seven arguments are those of the vendor's other collectors.

    Args:
        api_key: API key of the account, or a reference such as `${FIVETRAN_API_KEY}` that is
            resolved when it connects.
        api_secret: its secret, likewise.
        output_path: folder for the extracts, full or relative, or the URL of a shared place.
        mask: leave out the reasons of failed syncs, which may quote data.
        timeout: seconds for a connection, and for every silence of the server.
        mapping: connections, and destinations, to their host, or host and database, in K.
        compress: gzip the files.
        name: name of the collector instance.
        host: label of the account in K; `fivetran.com` by default.
        base_url: address of the API.
        groups: names or ids of the groups to extract; all by default.
        columns: ask for the columns of all tables, at a call a table.
        columns_hours: how long the columns of a table are kept.
        columns_per_minute, columns_per_hour: calls for columns that may be made.
        calls_per_hour: calls of any kind that may be made.
        concurrency: requests at the same time.
        sync_history: read the syncs themselves where the account has a history of them.
        lookback_hours: how long before the window a sync that ended in it may have started.
        resume: go on with a crawl that died less than a day ago.
        skip_unchanged: do not ask again for what belongs to connections that did not change.
        state_path: folder that holds what these two need; by default that of the extracts,
            where it is a folder.

    Attributes:
        calls: requests the last `read` sent.
        clock: the time, in seconds since 1970.
        column_budgets: of calls for columns; None for those that all collectors of the account in
            this process share.

    Raises:
        ConfigError: an argument is unusable.
    """

    source_type: ClassVar[str] = "fivetran"

    def __init__(  # noqa: PLR0917 - the vendor's positional arguments
        self,
        api_key: str | Secret | None = None,
        api_secret: str | Secret | None = None,
        output_path: str | Path = "./output",
        mask: bool = False,
        timeout: float = 60,
        mapping: Mapping[str, Any] | None = None,
        compress: bool = False,
        *,
        name: str = "fivetran",
        host: str | None = None,
        base_url: str | None = None,
        groups: Sequence[str] = (),
        columns: bool = False,
        columns_hours: float = 168,
        columns_per_minute: int = COLUMNS_PER_MINUTE,
        columns_per_hour: int = COLUMNS_PER_HOUR,
        calls_per_hour: int = 20_000,
        concurrency: int = 8,
        sync_history: bool = True,
        lookback_hours: float = 24,
        resume: bool = True,
        skip_unchanged: bool = True,
        state_path: str | Path | None = None,
    ) -> None:
        super().__init__(
            name=name,
            host=host or DEFAULT_HOST,
            output_path=output_path,
            mask=mask,
            compress=compress,
        )
        self.account = Account(
            _secret(api_key, "api_key"),
            _secret(api_secret, "api_secret"),
            base_url=base_url or BASE_URL,
            timeout=timeout,
            concurrency=concurrency,
            calls_per_hour=calls_per_hour,
        )
        self.mapping = dict(mapping or {})
        ConnectionMapping(self.mapping)  # what is wrong with it is said now
        self.groups, self.columns = tuple(groups), columns
        self.columns_seconds = columns_hours * 3600
        self._column_calls = ((columns_per_minute, 60), (columns_per_hour, 3600))
        self.sync_history, self.lookback = sync_history, timedelta(hours=lookback_hours)
        self.resume, self.skip_unchanged = resume, skip_unchanged
        self.column_budgets: tuple[RateBudget, ...] | None = None
        self.clock: Callable[[], float] = time.time
        self._state = Path(state_path) if state_path is not None else None
        self.calls = 0

    @property
    def families(self) -> tuple[str, ...]:
        """META, LINKAGE and EVENTS."""
        return (META, LINKAGE, EVENTS)

    @property
    def state_folder(self) -> Path | None:
        """Where answers are kept between crawls; None keeps none."""
        if self._state is not None:
            return self._state / self.name
        return self.staging.folder if isinstance(self.staging, Staging) else None

    def test_connection(self) -> None:
        """Ask who the key belongs to."""
        with closing(self.account.open()) as client:
            client.check()

    def read(self, window: Window, writer: ExtractWriter) -> None:
        """Read the account. META and LINKAGE are the state now; EVENTS follow the window."""
        with closing(self.account.open()) as client:
            try:
                with self._answers() as answers:
                    self._read(client, answers, window, writer)
                    answers.complete()
            finally:
                self.calls = client.api.calls

    def _answers(self) -> KeptAnswers:
        return KeptAnswers(
            self.state_folder,
            self.source_type,
            resume=self.resume,
            skip_unchanged=self.skip_unchanged,
            clock=self.clock,
        )

    def _read(
        self, client: FivetranClient, answers: KeptAnswers, window: Window, writer: ExtractWriter
    ) -> None:
        output, mapping = Output(writer), ConnectionMapping(self.mapping, writer.warn)
        reading = Reading(self.host, window, output, mapping, self.mask, self.on_progress)
        asking = Asking(client, answers, self._budgets(), self.columns_seconds, self.clock())
        Crawl(
            client,
            reading,
            Connections(reading, asking, self.columns),
            SyncReader(client, reading, self.lookback, self.sync_history),
            self.groups,
        ).run()
        output.close()

    def _budgets(self) -> tuple[RateBudget, ...]:
        if self.column_budgets is not None:
            return self.column_budgets
        account = f"{self.account.base_url} {self.account.api_key.reveal()}"
        return tuple(
            shared_budget("Fivetran sources", account, calls, seconds)
            for calls, seconds in self._column_calls
        )


def _secret(given: str | Secret | None, field: str) -> Secret:
    if not given:
        name = f"${{FIVETRAN_{field.upper()}}}"
        raise ConfigError(f"{field}: missing; give it, or a reference like {name}")
    return given if isinstance(given, Secret) else Secret.parse(given)
