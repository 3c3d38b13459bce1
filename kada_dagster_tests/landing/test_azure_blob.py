"""Azure Blob as landing, on a real Azurite: what arrives is whole, proved, and sent only once."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from azure.storage.blob import BlobBlock, ContainerClient

from kada_dagster.config.landing import AzureLandingSettings
from kada_dagster.errors import ConfigError, LandingError
from kada_dagster.landing.azure_blob import AzureBlobLanding
from kada_dagster.landing.azure_client import PUT_BYTES
from kada_dagster.landing.azure_source import SourceFile
from kada_dagster.landing.base import Receipt
from kada_dagster_tests.landing.azurite import Azurite
from kada_dagster_tests.landing.fault_proxy import FaultProxy
from kada_dagster_tests.landing.sending import NAME, Source, bytes_of

BLOB = f"lz/shop/landing/{NAME}"
SMALL, LARGE = 5_000, PUT_BYTES + 5_000
SIZES = [0, 1, PUT_BYTES - 1, PUT_BYTES, PUT_BYTES + 1, 2 * PUT_BYTES, 20_000_000]
_SEND = """
import sys
from pathlib import Path
from kada_dagster.landing.azure_blob import AzureBlobLanding
from kada_dagster.landing.places import AzureDirectory
from kada_dagster.secrets import Secret

def peak():
    status = Path("/proc/self/status").read_text()  # ru_maxrss may be the parent's before exec
    return int(status.partition("VmHWM:")[2].split()[0])

account, container, url, source, size, sha256 = sys.argv[1:]
token = Secret(variable="KADA_SAS_TOKEN")
landing = AzureBlobLanding(AzureDirectory(account, container, "lz", token, account_url=url))
landing.holds("x", size=1, sha256="0")  # the SDK and its connection are the baseline
before = peak()
landing.put(Path(source), "x", size=int(size), sha256=sha256)
print(before, peak())
"""


@pytest.fixture
def container(azurite: Azurite) -> ContainerClient:
    return azurite.new_container()


@pytest.fixture
def landing(azurite: Azurite, container: ContainerClient) -> AzureBlobLanding:
    return AzureBlobLanding(azurite.directory(container.container_name))


def contents(container: ContainerClient) -> dict[str, bytes]:
    """Every visible blob of a container."""
    names = [blob.name for blob in container.list_blobs()]
    return {name: container.download_blob(name).readall() for name in names}


@pytest.mark.parametrize("size", SIZES)
def test_what_arrives_is_what_was_sent(
    container: ContainerClient, landing: AzureBlobLanding, tmp_path: Path, size: int
) -> None:
    data = bytes_of(1, size)
    source, steps = Source.write(tmp_path / "source", data), list[int]()
    assert not source.is_in(landing)
    receipt = source.put(landing, progress=steps.append)
    location = f"{landing.describe()}/{NAME}"
    assert receipt == Receipt(NAME, size, source.sha256, location, sent=True)
    assert contents(container) == {BLOB: data}
    assert source.is_in(landing)
    assert sum(steps) == size


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_the_blob_carries_its_checksums(
    container: ContainerClient, landing: AzureBlobLanding, tmp_path: Path, size: int
) -> None:
    source = Source.write(tmp_path / "source", bytes_of(1, size))
    source.put(landing)
    found = container.get_blob_client(BLOB).get_blob_properties()
    md5 = hashlib.md5(source.path.read_bytes()).digest()
    assert found.content_settings.content_md5 == md5
    assert found.metadata == {"sha256": source.sha256}


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_every_request_with_data_carries_its_checksum_for_the_service_to_check(
    azurite: Azurite, container: ContainerClient, tmp_path: Path, size: int
) -> None:
    source = Source.write(tmp_path / "source", bytes_of(1, size))
    with FaultProxy(azurite.port) as proxy:
        source.put(AzureBlobLanding(azurite.directory(container.container_name, port=proxy.port)))
        puts = [seen for seen in proxy.seen if seen.method == "PUT"]
    assert len(puts) == (1 if size == SMALL else 3)
    assert all("content-md5" in seen.headers for seen in puts)


@pytest.mark.parametrize("size", [0, SMALL, LARGE])
def test_an_identical_file_is_not_sent_again(
    azurite: Azurite, container: ContainerClient, tmp_path: Path, size: int
) -> None:
    source = Source.write(tmp_path / "source", bytes_of(1, size))
    with FaultProxy(azurite.port) as proxy:
        landing = AzureBlobLanding(azurite.directory(container.container_name, port=proxy.port))
        assert source.put(landing).sent
        sent = proxy.count("PUT")
        assert not source.put(landing).sent
        assert proxy.count("PUT") == sent


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_a_file_that_differs_is_replaced(
    container: ContainerClient, landing: AzureBlobLanding, tmp_path: Path, size: int
) -> None:
    data = bytes_of(1, size)
    for other in (data[:-1] + b"!", b"!" + data[1:], data[:-1], data + b"!", data[: SMALL - 1]):
        Source.write(tmp_path / "other", other).put(landing)
        source = Source.write(tmp_path / "source", data)
        assert not source.is_in(landing)
        assert source.put(landing).sent
        assert contents(container) == {BLOB: data}


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_a_blob_of_another_program_is_replaced_even_when_it_claims_to_be_ours(
    container: ContainerClient, landing: AzureBlobLanding, tmp_path: Path, size: int
) -> None:
    source = Source.write(tmp_path / "source", bytes_of(1, size))
    container.upload_blob(BLOB, bytes(size), metadata={"sha256": source.sha256})
    assert source.put(landing).sent
    container.upload_blob(BLOB, source.path.read_bytes(), overwrite=True)
    assert not source.is_in(landing)
    assert source.put(landing).sent


@pytest.mark.parametrize("size", [SMALL, LARGE, 3 * PUT_BYTES])
@pytest.mark.parametrize("change", ["flipped", "cut", "longer", "empty", "missing", "folder"])
def test_a_source_that_is_not_the_file_described_never_shows(
    container: ContainerClient, landing: AzureBlobLanding, tmp_path: Path, size: int, change: str
) -> None:
    Source.write(tmp_path / "old", b"old").put(landing)
    source, data = Source.write(tmp_path / "source", bytes_of(1, size)), bytes_of(1, size)
    changed = {"flipped": data[:-1] + b"!", "cut": data[:-1], "longer": data + b"!", "empty": b""}
    source.path.unlink()
    if change == "folder":
        source.path.mkdir()
    elif change != "missing":
        source.path.write_bytes(changed[change])
    with pytest.raises(LandingError, match="Run the extract of that window again") as caught:
        source.put(landing)
    assert not caught.value.transient
    assert contents(container) == {BLOB: b"old"}


def test_a_source_that_changes_while_it_is_sent_never_shows(
    container: ContainerClient, landing: AzureBlobLanding, tmp_path: Path
) -> None:
    source = Source.write(tmp_path / "source", bytes_of(1, 8 * PUT_BYTES))

    def spoil(_sent: int) -> None:
        with source.path.open("r+b") as file:
            file.seek(-1, 2)
            file.write(b"!")

    with pytest.raises(LandingError, match="not the file its manifest describes"):
        source.put(landing, progress=spoil)
    assert contents(container) == {}


def test_after_failed_files_the_landing_takes_as_many_at_once_as_before(
    landing: AzureBlobLanding, tmp_path: Path
) -> None:
    source = Source.write(tmp_path / "source", bytes_of(1, LARGE))
    for change in ("cut", "longer", "missing") * 2:
        source.path.unlink(missing_ok=True)
        if change != "missing":
            source.path.write_bytes(bytes_of(1, LARGE - 1 if change == "cut" else LARGE + 1))
        with pytest.raises(LandingError):
            source.put(landing)
    assert Source.write(tmp_path / "source", bytes_of(1, 6 * PUT_BYTES)).put(landing).sent


@pytest.mark.parametrize("path", ["lz/shop/landing", "landing", "a b/ü+&=/c%20d#?", ""])
def test_any_path_is_a_landing(
    azurite: Azurite, container: ContainerClient, tmp_path: Path, path: str
) -> None:
    landing = AzureBlobLanding(azurite.directory(container.container_name, path))
    landing.test_connection()
    for size in (SMALL, LARGE):
        source = Source.write(tmp_path / "source", bytes_of(1, size))
        receipt = source.put(landing, f"F{size}.csv")
        assert receipt.location == f"{landing.describe()}/F{size}.csv"
        assert not source.put(landing, f"F{size}.csv").sent
    folder = f"{path}/" if path else ""
    assert set(contents(container)) == {f"{folder}F{size}.csv" for size in (SMALL, LARGE)}


@pytest.mark.parametrize("path", ["/lz/shop/landing", "lz/shop/landing/", "//lz/shop/landing/"])
def test_slashes_around_a_configured_path_do_not_count(
    azurite: Azurite,
    container: ContainerClient,
    tmp_path: Path,
    path: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KADA_SAS_TOKEN", azurite.container_sas(container.container_name))
    settings = AzureLandingSettings.model_validate(
        {
            "type": "azure",
            "storage_account": "kada",
            "container": container.container_name,
            "path": path,
            "sas_token": "${KADA_SAS_TOKEN}",
            "account_url": f"{azurite.account_url}/",
        }
    )
    Source.write(tmp_path / "source", b"x").put(settings.landing())
    assert contents(container) == {BLOB: b"x"}


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "../x", "a\\b", "/x", "x\n"])
def test_a_name_that_leaves_the_directory_is_refused(
    container: ContainerClient, landing: AzureBlobLanding, tmp_path: Path, name: str
) -> None:
    source = Source.write(tmp_path / "source", b"x")
    for ask in (source.put, source.is_in):
        with pytest.raises(LandingError, match="plain file name"):
            ask(landing, name)
    assert contents(container) == {}


def test_several_files_at_once_arrive_each_under_its_name(
    container: ContainerClient, landing: AzureBlobLanding, tmp_path: Path
) -> None:
    sizes = [SMALL, LARGE, 3 * PUT_BYTES, 0, 2 * PUT_BYTES, SMALL, LARGE, 1]
    files = {
        f"F{n}.csv": Source.write(tmp_path / f"{n}", bytes_of(n, size))
        for n, size in enumerate(sizes)
    }
    with ThreadPoolExecutor(8) as pool:
        sending = [pool.submit(file.put, landing, name) for name, file in files.items()]
        receipts = [future.result() for future in sending]
    assert [receipt.name for receipt in receipts] == list(files)
    expected = {f"lz/shop/landing/{name}": file.path.read_bytes() for name, file in files.items()}
    assert contents(container) == expected


@pytest.mark.parametrize("size", [SMALL, LARGE, 4 * PUT_BYTES])
def test_of_several_uploaders_at_once_one_wins_whole(
    azurite: Azurite, container: ContainerClient, tmp_path: Path, size: int
) -> None:
    files = [Source.write(tmp_path / f"{n}", bytes_of(n, size)) for n in range(3)]

    def upload(file: Source) -> bool:
        try:
            landing = AzureBlobLanding(azurite.directory(container.container_name))
            return file.put(landing).sent
        except LandingError as error:
            assert "single collector" in str(error)  # noqa: PT017
            return False

    with ThreadPoolExecutor(3) as pool:
        assert any(pool.map(upload, files))
    assert contents(container) in [{BLOB: file.path.read_bytes()} for file in files]


def test_blocks_another_program_left_unfinished_do_not_get_into_the_file(
    container: ContainerClient, landing: AzureBlobLanding, tmp_path: Path
) -> None:
    source = Source.write(tmp_path / "source", bytes_of(1, LARGE))
    container.get_blob_client(BLOB).stage_block("0" * 48, b"from another program")
    assert source.put(landing).sent
    assert contents(container) == {BLOB: source.path.read_bytes()}


def test_when_another_upload_gets_in_between_the_file_is_sent_anew(
    azurite: Azurite, container: ContainerClient, tmp_path: Path
) -> None:
    """Another commit discards the blocks staged so far."""
    source, steps = Source.write(tmp_path / "source", bytes_of(1, LARGE)), list[int]()

    def interfere(sent: int) -> None:
        steps.append(sent)
        container.get_blob_client(BLOB).stage_block("0" * 48, b"x")
        container.get_blob_client(BLOB).commit_block_list([BlobBlock("0" * 48)])

    with FaultProxy(azurite.port) as proxy:
        landing = AzureBlobLanding(azurite.directory(container.container_name, port=proxy.port))
        assert source.put(landing, progress=interfere).sent
        assert proxy.count("PUT", "comp=blocklist") == 2
    assert contents(container) == {BLOB: source.path.read_bytes()}
    assert sum(steps) == source.size


def test_a_file_that_another_program_replaces_at_once_is_not_reported_as_sent(
    container: ContainerClient, landing: AzureBlobLanding, tmp_path: Path
) -> None:
    source = Source.write(tmp_path / "source", b"ours")

    def interfere(_sent: int) -> None:
        container.upload_blob(BLOB, b"them", overwrite=True)

    with pytest.raises(LandingError, match="let a single collector write") as caught:
        source.put(landing, progress=interfere)
    assert not caught.value.transient


def test_testing_the_connection_leaves_nothing(
    container: ContainerClient, landing: AzureBlobLanding
) -> None:
    landing.test_connection()
    assert list(container.list_blobs(include=["uncommittedblobs"])) == []


def test_a_file_never_gets_more_blocks_than_the_service_takes() -> None:
    for size in (0, 10**9, 400 * 2**30, 4 * 2**40):
        block = SourceFile(Path("x"), size, "").block_bytes
        assert block >= PUT_BYTES
        assert -(-size // block) <= 50_000


def test_marks_are_beside_the_directory(landing: AzureBlobLanding) -> None:
    described = landing.marks().describe("shop")
    assert described == landing.describe().replace("/landing", "/hwm/shop_hwm.txt")


def test_beside_a_whole_container_there_is_nothing(azurite: Azurite) -> None:
    with pytest.raises(ConfigError, match="give the landing a path"):
        AzureBlobLanding(azurite.directory("any", "")).marks()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak from /proc")
def test_a_large_file_takes_little_memory(
    azurite: Azurite,
    container: ContainerClient,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = Source.write(tmp_path / "source", bytes_of(1, 200_000_000))
    monkeypatch.setenv("KADA_SAS_TOKEN", azurite.container_sas(container.container_name))
    what = ["kada", container.container_name, azurite.account_url]
    file = [str(source.path), str(source.size), source.sha256]
    command = [sys.executable, "-c", _SEND, *what, *file]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    before, after = map(int, done.stdout.split())
    assert after - before < 100 * 1024
    assert container.get_blob_client("lz/x").get_blob_properties().size == source.size
