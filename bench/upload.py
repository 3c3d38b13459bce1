"""A window's files into a bucket, against the SDK's own upload and `aws s3 cp` in the same run.

All are whole processes that send the same files to the same emulator (moto) under prefixes of
their own, so that nothing is there already. Ours also checks the sums of the manifest before a
file shows and asks the store what it has; the SDK loop (`upload_file` of boto3 with its defaults)
and the AWS command line do neither.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.process import Usage, in_turn, run, table
from kada_dagster.landing.places import S3Directory
from kada_dagster.landing.s3 import S3Landing
from kada_dagster.secrets import Secret

_FLOOR, _OURS, _AWS = "boto3 upload_file loop", "S3Landing", "aws s3 cp"
_REGION, _KEY, _SECRET = "eu-west-1", "test-key", "test-secret"
_SHARES = {"META": 0.7, "LINKAGE": 0.2, "EVENTS": 0.07, "DATABASE_LOG": 0.03}
_SENDERS = {"ours": _OURS, "bare": _FLOOR}


def main(arguments: Sequence[str]) -> None:
    """Measure all, print the figures."""
    from kada_dagster_tests.landing.s3_server import start_s3

    options = _options(arguments)
    server, stop = start_s3(checks_sums=False)  # it could not check the others' sums
    try:
        with tempfile.TemporaryDirectory(prefix="kada-bench-") as folder:
            _make_files(Path(folder), options.mb)
            runners = _runners(Path(folder), server.url, server.new_bucket())
            usages, ratios = in_turn(options.rounds, runners, _FLOOR)
    finally:
        stop()
    print(f"{options.mb} MB in {len(_SHARES)} files, {options.rounds} rounds")
    print(table(usages, ratios))
    if _AWS not in usages:
        print("aws is not installed: no figure of it in this run")
    print(f"upload wall_ratio={ratios[_OURS]:.3f} rss_mb={usages[_OURS].rss_mb:.0f}")


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="upload")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--mb", type=int, default=200, help="size of all files together")
    return parser.parse_args(arguments)


def _make_files(folder: Path, megabytes: int) -> None:
    """Files of random bytes, and their sums as a manifest would hold them."""
    for family, share in _SHARES.items():
        path = folder / f"{family}_20240102000000.csv"
        digest = hashlib.sha256()
        with path.open("wb") as file:  # bit by bit: a process starts with its parent's peak memory
            for _ in range(int(megabytes * share * 10)):
                chunk = os.urandom(100_000)
                digest.update(chunk)
                file.write(chunk)
        (folder / f"{path.name}.sha256").write_text(digest.hexdigest())


def _runners(folder: Path, url: str, bucket: str) -> dict[str, Callable[[], Usage]]:
    prefixes = (f"lz/{number}/landing" for number in itertools.count())
    environment = {
        "AWS_ACCESS_KEY_ID": _KEY,
        "AWS_SECRET_ACCESS_KEY": _SECRET,
        "AWS_DEFAULT_REGION": _REGION,
    }

    def sender(name: str) -> Callable[[], Usage]:
        base = [sys.executable, "-m", "bench.upload", name, str(folder), url, bucket]
        return lambda: run([*base, next(prefixes)], environment)

    def aws() -> Usage:
        target = f"s3://{bucket}/{next(prefixes)}/"
        rest = ["--recursive", "--exclude", "*.sha256", "--only-show-errors"]
        command = ["aws", "--endpoint-url", url, "s3", "cp", str(folder), target, *rest]
        return run(command, environment)

    runners = {_SENDERS[name]: sender(name) for name in ("bare", "ours")}
    return {**runners, _AWS: aws} if shutil.which("aws") else runners


def _files(folder: str) -> list[Path]:
    return sorted(Path(folder).glob("*.csv"))


def _send_ours(folder: str, url: str, bucket: str, prefix: str) -> None:
    key, secret = Secret(value=_KEY), Secret(value=_SECRET)
    landing = S3Landing(S3Directory(bucket, prefix, _REGION, key, secret, endpoint_url=url))

    def put(path: Path) -> None:
        digest = path.with_name(f"{path.name}.sha256").read_text()
        landing.put(path, path.name, size=path.stat().st_size, sha256=digest)

    files = _files(folder)
    meta = next(path for path in files if path.name.startswith("META"))
    put(meta)  # first, then the others at once: as `upload_run` does it
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(put, (path for path in files if path != meta)))


def _send_bare(folder: str, url: str, bucket: str, prefix: str) -> None:
    import boto3

    sdk: Any = boto3
    client = sdk.client("s3", endpoint_url=url)
    for path in _files(folder):
        client.upload_file(str(path), bucket, f"{prefix}/{path.name}")


if __name__ == "__main__":
    {"ours": _send_ours, "bare": _send_bare}[sys.argv[1]](*sys.argv[2:])
