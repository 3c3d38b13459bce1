"""What is noted of an upload beside the runs: which extract was sent whole, and when.

`<output_path>/<name>/uploaded/<start>_<end>.json` names the manifest that was sent by its sha256:
a run that took its place later was not. The note is for whoever removes old runs; where it is
missing or damaged, the run counts as not uploaded.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from kada_dagster.errors import ConfigError
from kada_dagster.hwm.window import format_hwm, parse_hwm, utc_now

if TYPE_CHECKING:
    from kada_dagster.hwm.window import Window


def note_path(window: Window) -> str:
    """Where the note of a run is, below the folder of its instance."""
    return f"uploaded/{window.folder}.json"


def note_text(manifest: bytes) -> bytes:
    """The note of an upload that ends now.

    Args:
        manifest: the text of the manifest of what was sent.
    """
    fields = {"manifest": _sha256(manifest), "uploaded_at": format_hwm(utc_now())}
    return json.dumps(fields).encode() + b"\n"


def noted_upload(note: bytes | None, manifest: bytes) -> datetime | None:
    """When a run was uploaded, UTC; None where the note does not say that of this manifest."""
    try:
        fields: dict[str, Any] = json.loads(note or b"{}")
        if fields["manifest"] == _sha256(manifest):
            return parse_hwm(fields["uploaded_at"])
    except (ValueError, TypeError, LookupError, RecursionError, ConfigError):
        return None
    return None


def _sha256(manifest: bytes) -> str:
    return hashlib.sha256(manifest).hexdigest()
