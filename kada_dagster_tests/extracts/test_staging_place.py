"""What every staging does, whatever holds it: folder, bucket, container, memory."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kada_dagster.errors import CheckFailedError, ConfigError, ExtractError, StagingError
from kada_dagster.extracts.checks import accept_extract, check_extract, failures
from kada_dagster.extracts.contract import META
from kada_dagster.extracts.manifest import MANIFEST_NAME, Manifest, read_manifest
from kada_dagster.extracts.shared_staging import SharedStaging
from kada_dagster.extracts.staging import Staging
from kada_dagster.extracts.staging_place import StagingPlace, reading_all, staging_at
from kada_dagster.hwm.window import Window
from kada_dagster.landing.local import LocalLanding
from kada_dagster.landing.upload import upload_run
from kada_dagster_tests.extracts.samples import DAY, shop
from kada_dagster_tests.extracts.shared_places import NAME, PLACES, contents, extract, on_host

New = Callable[[], StagingPlace]
NEXT = Window(DAY.end, DAY.end + timedelta(days=1))
BOTH = Window(DAY.start, NEXT.end)


@pytest.fixture(params=["folder", *PLACES])
def new(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> New:
    """Makes a staging of the same place; each is one that has seen nothing yet."""
    on_host(monkeypatch, tmp_path / "host")
    if request.param == "folder":
        return lambda: staging_at(tmp_path / "output", NAME)
    url = PLACES[request.param](request, monkeypatch)
    return lambda: SharedStaging(url, NAME)


def test_a_run_is_read_as_it_was_written_in_the_layout_of_a_folder(new: New) -> None:
    manifest = extract(new())
    with new().reading(DAY) as folder:
        assert folder.name == DAY.folder
        assert read_manifest(folder) == manifest
        names = {MANIFEST_NAME, *(file.file for file in manifest.files)}
        assert {path.name for path in folder.iterdir()} == names
        assert failures(check_extract(folder, min_share_of_last=0.5)) == ""


def test_a_later_run_of_the_window_takes_the_place_of_the_earlier_one(new: New) -> None:
    for tables in (3, 9, 5):
        manifest = extract(new(), shop(tables))
        assert Manifest.from_json(contents(new())[MANIFEST_NAME].decode()) == manifest
    assert list(new().runs()) == [DAY]


def test_an_extract_that_fails_leaves_the_earlier_run(new: New) -> None:
    extract(new())
    before = contents(new())
    with pytest.raises(ExtractError):
        extract(new(), {META: [["one field"]]})
    assert contents(new()) == before


def test_runs_are_listed_by_window_and_the_last_one_written_is_known(new: New) -> None:
    assert dict(new().runs()) == {}
    with pytest.raises(StagingError, match="no extract to check"):
        new().latest()
    extract(new(), window=NEXT)
    assert new().latest() == NEXT
    extract(new(), window=BOTH)
    assert list(new().runs()) == sorted([NEXT, BOTH])
    assert new().latest() == BOTH


def test_a_window_is_covered_by_its_own_run_or_by_the_fewest_others(new: New) -> None:
    extract(new(), window=DAY)
    with pytest.raises(StagingError, match="nothing extracted from 2024-01-02 00:00:00"):
        new().covering(BOTH)
    extract(new(), window=NEXT)
    assert new().covering(BOTH) == [DAY, NEXT]
    extract(new(), window=BOTH)
    assert new().covering(BOTH) == [BOTH]
    with reading_all(new(), [DAY, NEXT]) as folders:
        assert [read_manifest(folder).window for folder in folders] == [DAY, NEXT]


def test_a_window_nobody_extracted_cannot_be_read(new: New) -> None:
    extract(new())
    with pytest.raises(StagingError, match=r"manifest\.json is missing"), new().reading(NEXT) as it:
        read_manifest(it)


def test_the_accepted_extract_is_what_every_host_compares_with(new: New) -> None:
    staging = new()
    extract(staging)
    with staging.reading(DAY) as folder:
        accept_extract(folder, staging.baseline)
    extract(new(), shop(1), window=NEXT)
    with new().reading(NEXT) as folder:
        results = check_extract(folder, min_share_of_last=0.9, baseline=new().baseline)
    assert "14 in the last accepted extract" in failures(results)
    assert list(new().runs()) == [DAY, NEXT], "the baseline is no run"


def test_a_run_is_uploaded_from_it_and_may_be_read_again_after_its_release(
    new: New, tmp_path: Path
) -> None:
    manifest = extract(new(), compress=True)
    staging = new()
    with staging.reading(DAY) as folder:
        receipts = upload_run(folder, LocalLanding(tmp_path / "landing"))
    staging.release(DAY)
    assert [r.name for r in receipts] == [file.file for file in manifest.files]
    assert sorted(contents(new())) == sorted([MANIFEST_NAME, *(r.name for r in receipts)])


def test_where_things_are_is_said_without_looking(new: New) -> None:
    manifest = extract(new())
    staging = new()
    run = f"{staging.describe()}/{DAY.folder}"
    assert staging.location(DAY) == run
    assert staging.file_location(manifest, MANIFEST_NAME) == f"{run}/{MANIFEST_NAME}"
    path = staging.file_location(manifest, manifest.files[0].file)
    assert path.startswith(run)
    assert path.endswith(f"/{manifest.files[0].file}")


def test_two_instances_in_one_place_do_not_see_each_other(new: New) -> None:
    extract(new())
    other: StagingPlace = replace(new(), name="other")  # type: ignore[type-var]
    assert dict(other.runs()) == {}
    extract(other, shop(1), window=NEXT)
    assert list(new().runs()) == [DAY]


# --- which place an output_path is ---------------------------------------------------------


def test_a_path_and_a_file_url_are_folders_of_this_machine(tmp_path: Path) -> None:
    assert staging_at(tmp_path, NAME) == Staging(tmp_path, NAME)
    assert staging_at("out/put", NAME) == Staging(Path("out/put"), NAME)
    assert staging_at("file:///var/my%20staging/", NAME) == Staging(Path("/var/my staging"), NAME)


def test_any_other_url_is_a_shared_place() -> None:
    for url in ("s3://bucket/staging", "abfs://c@a.dfs.core.windows.net/x", "sftp://me@host/x"):
        assert staging_at(f"{url}/", NAME) == SharedStaging(url, NAME)


@pytest.mark.parametrize(
    "url",
    [
        "sftp://me:PLANTED@host/x",
        "s3://key:PLANTED@bucket/x",
        "az://c/x?sv=1&sig=PLANTED",
        "s3://b/x#PLANTED",
        "s3://b/PLANTED /x",
        "s3://b/../PLANTED",
        "S3 PLANTED://b",
        "filecache::s3://PLANTED",
        "file://PLANTED/x",
    ],
)
def test_a_url_that_is_none_or_could_hold_a_secret_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ConfigError, match=r"^output_path: must be a ") as caught:
        staging_at(url, NAME)
    assert "PLANTED" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "..", "a/b", ".x"])
def test_a_name_that_would_leave_the_place_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="cannot name a folder"):
        staging_at("memory://x", name)


@pytest.mark.parametrize(
    ("url", "cure"),
    [
        ("gs://b/x", "gs:// needs a driver: Please install gcsfs"),
        ("nosuch://b/x", "holds what the driver of nosuch:// needs"),
    ],
)
def test_a_missing_driver_is_named_before_anything_is_read(
    url: str, cure: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    on_host(monkeypatch, tmp_path)
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(ConfigError, match=cure):
        staging_at(url, NAME).partial(DAY)


@pytest.mark.parametrize(
    ("url", "driver", "extra"),
    [("s3://b/x", "s3fs", "shared-s3"), ("abfs://b/x", "adlfs", "shared-azure")],
)
def test_a_missing_driver_of_the_clouds_is_one_extra_away(
    url: str, driver: str, extra: str, tmp_path: Path
) -> None:
    script = (
        f"import sys; sys.modules[{driver!r}] = None\n"
        "from kada_dagster.extracts.staging_place import staging_at\n"
        f"try: staging_at({url!r}, 'shop').runs()\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.startswith("ConfigError output_path:"), done.stderr
    assert f"pip install 'kada_dagster[{extra}]'" in done.stdout


def test_a_folder_costs_no_driver(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from kada_dagster_tests.extracts.samples import shop, write\n"
        "from pathlib import Path\n"
        "write(Path(sys.argv[1]), shop())\n"
        "print([m for m in ('fsspec', 's3fs', 'adlfs', 'dagster') if m in sys.modules])\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_check_failures_name_the_place_not_the_copy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from kada_dagster.collector.steps import checked

    on_host(monkeypatch, tmp_path)
    staging = staging_at(f"memory://{tmp_path.name}/x", NAME)
    extract(staging, {META: []})
    with (
        staging.reading(DAY) as folder,
        pytest.raises(CheckFailedError, match=f"^{staging.location(DAY)}: volume"),
    ):
        checked(staging, folder, 0.5, lambda _step: None)
