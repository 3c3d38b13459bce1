"""The baseline of a shared staging, beside its runs."""

from __future__ import annotations

from dataclasses import dataclass

from kada_dagster.extracts.baseline import BASELINE_NAME, Sizes, parse, to_text, unreadable
from kada_dagster.extracts.manifest import Manifest
from kada_dagster.extracts.shared_store import SharedStore


@dataclass(frozen=True)
class SharedBaseline:
    """The baseline of one instance; see `Baseline` for the methods.

    Attributes:
        store: the files of the instance.
    """

    store: SharedStore

    def read(self) -> Sizes:
        """The sizes in the file."""
        data = self.store.read(BASELINE_NAME)
        if data is None:
            return {}
        place = f"{self.store.url}/{BASELINE_NAME}"
        try:
            return parse(data.decode(), place)
        except UnicodeDecodeError as error:
            raise unreadable(place, error) from None

    def write(self, manifest: Manifest) -> None:
        """Replace the file."""
        self.store.write(BASELINE_NAME, to_text(manifest).encode())
