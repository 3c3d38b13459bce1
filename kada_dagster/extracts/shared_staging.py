"""A staging several machines share: the same runs below a URL, for any driver of fsspec.

`<url>/<name>/<start>_<end>/manifest.json` names the run; its files are in the folder beside it
that is called after the manifest's sha256. Stores have no rename, so the files go there first and
the manifest last: until then the earlier run stays, and files and manifest always belong together.
"""

from __future__ import annotations

import shutil
from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path

from kada_dagster.errors import ConfigError, KadaError, SourceChangedError, StagingError
from kada_dagster.extracts.baseline import Baseline
from kada_dagster.extracts.local_copies import LocalCopies, link_files
from kada_dagster.extracts.manifest import MANIFEST_NAME, Manifest
from kada_dagster.extracts.shared_baseline import SharedBaseline
from kada_dagster.extracts.shared_faults import VanishedError
from kada_dagster.extracts.shared_layout import files_folder, manifest_path, token
from kada_dagster.extracts.shared_store import Entry, SharedStore
from kada_dagster.extracts.shared_uploads import note_upload, noted, remove_run
from kada_dagster.extracts.staging_errors import staging_errors
from kada_dagster.extracts.staging_place import Noted, check_instance_name, fewest_covering, no_run
from kada_dagster.hwm.window import Window, utc_now

_TRIES = 5
"""How often a run is read again that was replaced meanwhile."""

_ABANDONED = timedelta(days=1)
"""Age from which files no manifest names are those of a killed run, not of one under way."""


@dataclass(frozen=True)
class SharedStaging:
    """The shared staging of one collector instance; see `StagingPlace` for the methods.

    Every method may also raise what `SharedStore` says.

    Attributes:
        url: of the place, without credentials.
        name: name of the collector instance, a folder below it.

    Raises:
        ConfigError: the name cannot be a folder name.
    """

    url: str
    name: str

    def __post_init__(self) -> None:
        check_instance_name(self.name)

    @property
    def baseline(self) -> Baseline:
        """Kept beside the runs, for all hosts."""
        return SharedBaseline(self._store)

    def describe(self) -> str:
        """The URL of this instance's runs."""
        return self._store.url

    def location(self, window: Window) -> str:
        """The URL of a run."""
        return f"{self._store.url}/{window.folder}"

    def file_location(self, manifest: Manifest, file: str) -> str:
        """The URL of a file of a run."""
        run = self.location(manifest.window)
        if file == MANIFEST_NAME:
            return f"{run}/{file}"
        return f"{run}/{token(manifest.to_json().encode())}/{file}"

    def runs(self) -> Mapping[Window, str]:
        """The URLs of the runs that have a manifest, by window."""
        return {window: self.location(window) for window in self._manifests()}

    def covering(self, window: Window) -> list[Window]:
        """The fewest runs that hold the window."""
        if self._store.read(manifest_path(window)) is not None:  # spares the listing
            return [window]
        return fewest_covering(self._manifests(), window, self.describe())

    def latest(self) -> Window:
        """The run whose manifest was written last."""
        found = self._manifests()
        if not found:
            raise no_run(self.describe())
        times = {window: str(entry.modified or "") for window, entry in found.items()}
        newest = max(times.values())
        last = [window for window, time in times.items() if time == newest]
        return last[0] if len(last) == 1 else max(last, key=self._extracted_at)

    def partial(self, window: Window) -> AbstractContextManager[Path]:
        """A folder among this machine's temporary files; none without a driver to send it by."""
        self._store.require_driver()
        return self._copies.staging.partial(window)

    def publish(self, partial: Path, window: Window) -> None:
        """Send the files, then the manifest; then remove what the manifest no longer names."""
        text = (partial / MANIFEST_NAME).read_bytes()
        before = self._store.read(manifest_path(window))
        files = self._send(partial, window, text)
        self._store.write(manifest_path(window), text)
        with suppress(KadaError):  # the run is there; what is left goes with the next one
            self._sweep(window, before, files)
        self._copies.keep(partial, window)

    @contextmanager
    def reading(self, window: Window) -> Generator[Path, None, None]:
        """A copy of the run, which stays as it is while it is read."""
        with self.partial(window) as work:
            folder = work / window.folder
            for _ in range(_TRIES):
                if self._fetched(window, folder):
                    break
            else:
                raise SourceChangedError(
                    f"{self.location(window)}: other runs replaced the extract again and again "
                    "while it was read; try again"
                )
            yield folder

    def release(self, window: Window) -> None:
        """Note the upload; remove the copy of this machine."""
        note_upload(self._store, window)
        self._copies.forget(window)

    def noted(self, window: Window) -> Noted | None:
        """The run's manifest, and when it was uploaded."""
        return noted(self._store, window)

    def remove(self, window: Window, manifest: bytes) -> bool:
        """Remove a run, here and in the shared place."""
        self._copies.forget(window)
        return remove_run(self._store, window, manifest)

    @cached_property
    def _store(self) -> SharedStore:
        return SharedStore(f"{self.url}/{self.name}")

    @cached_property
    def _copies(self) -> LocalCopies:
        return LocalCopies(self.url, self.name)

    def _extracted_at(self, window: Window) -> str:
        """What the manifest says: listings tell whole seconds."""
        return self._parsed(window, self._store.read(manifest_path(window))).extracted_at

    def _manifests(self) -> dict[Window, Entry]:
        found: dict[Window, Entry] = {}
        for path, entry in self._store.files().items():
            run, _, file = path.partition("/")
            with suppress(ValueError, ConfigError):
                if file == MANIFEST_NAME:
                    found[Window.from_folder(run)] = entry
        return dict(sorted(found.items()))

    def _send(self, partial: Path, window: Window, text: bytes) -> Mapping[str, Entry]:
        """Send the files of a run. Returns what is in its place then.

        Raises:
            StagingError: the place does not report what was sent.
        """
        data = f"{window.folder}/{token(text)}"
        manifest = Manifest.from_json(text.decode())
        for file in manifest.files:
            self._store.upload(f"{data}/{file.file}", partial / file.file)
        there = self._store.files(window.folder)
        for file in manifest.files:
            path = f"{data}/{file.file}"
            if path not in there or there[path].size != file.bytes:
                raise StagingError(
                    f"{self._store.url}/{path} did not arrive whole; the earlier run is as it was. "
                    "Run the extract of that window again"
                )
        return there

    def _sweep(self, window: Window, before: bytes | None, files: Mapping[str, Entry]) -> None:
        """Remove the files of the run that was replaced, and what killed runs left."""
        replaced = token(before) if before is not None else ""
        limit = utc_now() - _ABANDONED
        dead = [
            path
            for path, entry in files.items()
            if path != manifest_path(window)
            and (files_folder(path) == replaced or (entry.modified and entry.modified < limit))
        ]
        now = self._store.read(manifest_path(window)) if dead else None
        for path in dead:
            if now is not None and files_folder(path) != token(now):
                self._store.remove(path)

    def _fetched(self, window: Window, folder: Path) -> bool:
        """Make `folder` hold the run as it is now; False where it was replaced meanwhile."""
        text = self._store.read(manifest_path(window))
        manifest = self._parsed(window, text)
        _empty(folder)
        if self._copies.link(window, text or b"", folder):
            return True
        _empty(folder)
        try:
            self._download(window, manifest, text or b"", folder)
        except VanishedError:
            if self._store.read(manifest_path(window)) != text:
                return False
            raise
        with suppress(StagingError), self.partial(window) as copy:
            link_files(folder, copy)
            self._copies.keep(copy, window)
        return True

    def _parsed(self, window: Window, text: bytes | None) -> Manifest:
        place = f"{self.location(window)}/{MANIFEST_NAME}"
        if text is None:
            raise StagingError(f"{place} is missing: there is no whole extract of {window}")
        try:
            manifest = Manifest.from_json(text.decode())
        except (ValueError, RecursionError) as error:
            raise StagingError(f"{place} cannot be read as a manifest: {error}") from None
        if any("/" in file.file for file in manifest.files):
            raise StagingError(f"{place} names a file outside of the run; extract again")
        return manifest

    def _download(self, window: Window, manifest: Manifest, text: bytes, folder: Path) -> None:
        for file in manifest.files:
            path = f"{window.folder}/{token(text)}/{file.file}"
            with staging_errors(folder / file.file):
                sha256 = self._store.download(path, folder / file.file, file.bytes)
            if sha256 != file.sha256:
                raise StagingError(
                    f"{self._store.url}/{path} is not the file its manifest describes. "
                    "Run the extract of that window again"
                )
        with staging_errors(folder):
            (folder / MANIFEST_NAME).write_bytes(text)


def _empty(folder: Path) -> None:
    with staging_errors(folder):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
