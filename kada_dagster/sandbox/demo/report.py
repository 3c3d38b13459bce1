"""What the demo says of the files it wrote."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path

from kada_dagster.config import KadaConfig
from kada_dagster.config.models import SourceSettings
from kada_dagster.extracts.manifest import Manifest, read_manifest
from kada_dagster.extracts.staging import Staging
from kada_dagster.hwm.window import format_hwm

_INDENT = " " * len("  objects  ")


def report(config: KadaConfig, source: SourceSettings) -> None:
    """Print the last extract of a source, what is in its landing, and its mark."""
    window, folder = max(Staging(Path(source.output_path), source.name).runs().items())
    manifest = read_manifest(folder)
    print(f"\n{source.name}: last extract {window}, in {_short(folder)}")
    for file in manifest.files:
        print(f"  {file.family:<9}{file.rows:>6,} rows{file.bytes:>9,} bytes  {file.file}")
    print(f"  objects  {_counts(manifest)}")
    if source.landing is not None:
        landed = Path(getattr(source.landing, "path", ""))
        print(f"  landing  {_short(landed)}: {len(list(landed.glob('*.csv*')))} files")
    mark = config.high_water_marks.store(source).read(source.name).mark
    print(f"  mark     {format_hwm(mark) if mark else 'none'}")


def next_steps(config: KadaConfig) -> None:
    """Print what to try now."""
    source = config.sources[0]
    marks = Path(config.high_water_marks.store(source).describe(source.name)).parent
    print("\nTry next:")
    print("  make dev                # the same in the Dagster UI, on http://127.0.0.1:3000")
    print(f"  .venv/bin/kada hwm show {source.name} --hwm-path {_short(marks)}")
    for loader in config.loader:
        print(f"  .venv/bin/kada load check --project {_short(loader.project)}")


def _counts(manifest: Manifest) -> str:
    """What there is most of first; a count and its kind stay on one line."""
    largest = sorted(manifest.counts.items(), key=lambda item: -item[1])
    text = ", ".join(f"{count:,}~{kind}" for kind, count in largest)
    lines = textwrap.wrap(text, 100 - len(_INDENT))
    return f"\n{_INDENT}".join(lines).replace("~", " ")


def _short(path: Path) -> str:
    return os.path.relpath(path)
