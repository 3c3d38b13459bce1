"""The Hevo extractor: an account's pipelines, models and jobs as rows of the extract contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar

from kada_dagster.api.lookahead import Stream
from kada_dagster.api.retrying import Retries
from kada_dagster.api.values import text
from kada_dagster.collector.extractor import Extractor as BaseExtractor
from kada_dagster.errors import ConfigError
from kada_dagster.extracts.code_masking import CodeMasker
from kada_dagster.extracts.contract import EVENTS, LINKAGE, META
from kada_dagster.extracts.mapping import ConnectionMapping
from kada_dagster.extracts.output import Output
from kada_dagster.extracts.seen import Seen
from kada_dagster.extracts.staging import Staging
from kada_dagster.extracts.writer import ExtractWriter
from kada_dagster.hevo.answers import Answers
from kada_dagster.hevo.classic import ClassicPipelines
from kada_dagster.hevo.client import CALLS_A_MINUTE, CLASSIC, EDGE, Account, HevoClient
from kada_dagster.hevo.crawl import Crawl, Task
from kada_dagster.hevo.edge import EdgePipelines
from kada_dagster.hevo.families import Pipelines, available
from kada_dagster.hevo.inventory import (
    Destinations,
    read_destinations,
    user_tasks,
    workflow_tasks,
)
from kada_dagster.hevo.models import Models
from kada_dagster.hevo.reading import Reading
from kada_dagster.hwm.window import Window
from kada_dagster.secrets import Secret


class Extractor(BaseExtractor):
    """Extracts the metadata, lineage and runs of a Hevo account, classic and Edge.

    The first eight arguments are the vendor's; the others are this project's.

    Args:
        api_key: access key of the account, or a reference such as `${HEVO_API_KEY}` that is
            resolved when it connects. Make it as an owner.
        api_secret: its secret, likewise.
        region: what stands before `.hevodata.com`, e.g. `eu`.
        output_path: folder for the extracts, full or relative.
        mask: replace literals and comments in code.
        timeout: seconds for a connection, and for every silence of the server.
        mapping: names of Hevo's sources and destinations to their host, or host and database, in K.
        compress: gzip the files.
        name: name of the collector instance.
        host: label of the account in K; `<region>.hevodata.com` by default.
        base_url: address to connect to instead of `https://<region>.hevodata.com`.
        include_users: extract the account's users, which are personal data.
        concurrency: requests at the same time.
        calls_a_minute: rate limit of the key's user.
        lookback_hours: how long before the window a job that ended in it may have begun.
        resume: go on with a crawl that died less than a day ago.
        skip_unchanged: do not ask again for what Hevo says did not change.
        state_path: folder that holds what these two need; by default that of the extracts,
            where it is a folder.

    Raises:
        ConfigError: an argument is unusable.
    """

    source_type: ClassVar[str] = "hevo"

    def __init__(  # noqa: PLR0917 - the vendor's positional arguments
        self,
        api_key: str | Secret | None = None,
        api_secret: str | Secret | None = None,
        region: str | None = None,
        output_path: str | Path = "./output",
        mask: bool = False,
        timeout: float = 20,
        mapping: Mapping[str, Any] | None = None,
        compress: bool = False,
        *,
        name: str = "hevo",
        host: str | None = None,
        base_url: str | None = None,
        include_users: bool = False,
        concurrency: int = 8,
        calls_a_minute: int = CALLS_A_MINUTE,
        lookback_hours: float = 24,
        resume: bool = True,
        skip_unchanged: bool = True,
        state_path: str | Path | None = None,
    ) -> None:
        if not region and not base_url:
            raise ConfigError("region: missing; give what stands before .hevodata.com, e.g. eu")
        address = f"{region}.hevodata.com" if region else ""
        label = host or address or _host_of(base_url or "")
        super().__init__(
            name=name, host=label, output_path=output_path, mask=mask, compress=compress
        )
        self.account = Account(
            base_url or f"https://{address}",
            _secret(api_key, "api_key"),
            _secret(api_secret, "api_secret"),
            timeout,
            concurrency,
            calls_a_minute,
        )
        self.mapping = dict(mapping or {})
        ConnectionMapping(self.mapping)  # what is wrong with it is said now
        self.include_users, self.lookback = include_users, timedelta(hours=lookback_hours)
        self.resume, self.skip_unchanged = resume, skip_unchanged
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
        """Read the first page of both APIs' pipelines; one of them must be there."""
        with closing(self.account.open(Retries(most=1))) as client:
            available(client, lambda _code, _sample: None)

    def read(self, window: Window, writer: ExtractWriter) -> None:
        """Read both APIs. META and LINKAGE are the state now; EVENTS follow the window."""
        with closing(self.account.open()) as client:
            try:
                with self._answers(client) as answers:
                    self._read(client, answers, window, writer)
                    answers.complete()
            finally:
                self.calls = client.api.calls

    def _answers(self, client: HevoClient) -> Answers:
        return Answers(
            client, self.state_folder, resume=self.resume, skip_unchanged=self.skip_unchanged
        )

    def _read(
        self, client: HevoClient, answers: Answers, window: Window, writer: ExtractWriter
    ) -> None:
        masker, output = CodeMasker(self.mask), Output(writer)
        reading = Reading(
            host=self.host,
            window=window,
            crawl=Crawl(client, answers, writer.warn),
            output=output,
            mapping=ConnectionMapping(self.mapping, writer.warn),
            masker=masker,
            progress=self._progress(output),
        )
        pipelines = available(client, writer.warn)
        destinations = read_destinations(reading, pipelines)
        reading.crawl.run(
            chain(
                self._classic(reading, pipelines.get(CLASSIC), destinations.get(CLASSIC, {})),
                self._edge(reading, pipelines.get(EDGE), destinations.get(EDGE, {})),
            )
        )
        if masker.blanked:
            writer.warn("code_blanked", "code that cannot be masked", masker.blanked)
        output.close()

    def _progress(self, output: Output) -> Callable[[str], None]:
        """Tells what was read and the rows it brought."""
        told = 0

        def tell(what: str) -> None:
            nonlocal told
            self.on_progress(what, output.rows - told)
            told = output.rows

        return tell

    def _classic(
        self, reading: Reading, pipelines: Pipelines | None, destinations: Destinations
    ) -> Iterator[Stream[Task]]:
        if pipelines is None:
            return
        yield partial(workflow_tasks, reading)
        if self.include_users:
            yield partial(user_tasks, reading)
        yield from _each(reading, pipelines, ClassicPipelines(reading, destinations).tasks)
        yield Models(reading, destinations).tasks

    def _edge(
        self, reading: Reading, pipelines: Pipelines | None, destinations: Destinations
    ) -> Iterator[Stream[Task]]:
        if pipelines is not None:
            edge = EdgePipelines(reading, destinations, self.lookback)
            yield from _each(reading, pipelines, edge.tasks)


def _each(
    reading: Reading, pipelines: Pipelines, tasks: Callable[[dict[str, Any]], Iterator[Task]]
) -> Iterator[Stream[Task]]:
    """The tasks of each pipeline, once where it is listed twice."""
    seen = Seen()
    for given in pipelines:
        number = text(given.get("id"))
        if not number:
            reading.output.warn("without_name", "pipeline")
        elif seen.add(number):
            yield partial(tasks, given)


def _secret(given: str | Secret | None, field: str) -> Secret:
    if not given:
        raise ConfigError(f"{field}: missing; give it, or a reference like ${{HEVO_API_KEY}}")
    return given if isinstance(given, Secret) else Secret.parse(given)


def _host_of(base_url: str) -> str:
    from urllib.parse import urlsplit

    return urlsplit(base_url).hostname or ""
