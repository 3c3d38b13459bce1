"""Files to send, and whole processes that send one: for tests that measure or kill them.

`python -m kada_dagster_tests.landing.sending JSON`; JSON: `directory` (keywords of S3Directory),
`source`, `name`, `size`, `sha256`. Prints the peak memory before and after, in KiB.
"""

from __future__ import annotations

import hashlib
import json
import resource
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kada_dagster.landing.base import Landing, Progress, Receipt, no_progress
from kada_dagster.landing.places import S3Directory
from kada_dagster.landing.s3 import S3Landing
from kada_dagster.secrets import Secret

NAME = "META_20240102000000.csv"
_BLOCK, _NUMBER = 65_536, 8  # bytes of what is repeated, and of what tells one from the next


@dataclass(frozen=True)
class Source:
    """A file as its manifest describes it."""

    path: Path
    size: int
    sha256: str

    @classmethod
    def write(cls, path: Path, data: bytes) -> Source:
        """Make it."""
        path.write_bytes(data)
        return cls(path, len(data), hashlib.sha256(data).hexdigest())

    def put(self, landing: Landing, name: str = NAME, progress: Progress = no_progress) -> Receipt:
        """Send it."""
        return landing.put(self.path, name, size=self.size, sha256=self.sha256, progress=progress)

    def is_in(self, landing: Landing, name: str = NAME) -> bool:
        """Whether it is there."""
        return landing.holds(name, size=self.size, sha256=self.sha256)


def bytes_of(seed: int, size: int) -> bytes:
    """Bytes that are the same every time, and other ones wherever one looks."""
    block = hashlib.shake_128(str(seed).encode()).digest(_BLOCK)
    numbers = range(-(-size // (_BLOCK + _NUMBER)))
    return b"".join(n.to_bytes(_NUMBER, "big") + block for n in numbers)[:size]


def command(directory: S3Directory, source: Source, name: str = NAME) -> list[str]:
    """The command line of a process that sends a file; the keys are in it: for tests only."""
    values = asdict(directory)
    for field, value in vars(directory).items():
        values[field] = value.reveal() if isinstance(value, Secret) else value
    what = {"source": str(source.path), "size": source.size, "sha256": source.sha256, "name": name}
    return [sys.executable, "-m", __name__, json.dumps({"directory": values, **what})]


def _main(what: dict[str, Any]) -> None:
    values = what["directory"]
    for field in ("access_key_id", "secret_access_key", "session_token"):
        values[field] = values[field] and Secret(value=values[field])
    landing = S3Landing(S3Directory(**values))
    landing.holds("nothing", size=1, sha256="")  # the SDK and its connection are the baseline
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    landing.put(Path(what["source"]), what["name"], size=what["size"], sha256=what["sha256"])
    print(before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


if __name__ == "__main__":
    _main(json.loads(sys.argv[1]))
