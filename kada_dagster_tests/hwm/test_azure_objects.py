"""Objects beside an Azure landing, on a real Azurite: written only by who knows their version."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from azure.storage.blob import ContainerClient

from kada_dagster.errors import (
    ConfigError,
    ConnectionFailedError,
    KadaError,
    PermissionDeniedError,
    WatermarkError,
)
from kada_dagster.hwm.azure_objects import AzureObjects
from kada_dagster.hwm.objects import Versioned
from kada_dagster.landing import azure_client
from kada_dagster_tests.landing.azurite import Azurite
from kada_dagster_tests.landing.fault_proxy import Fault, FaultProxy

NAME = "shop_hwm.txt"
_COUNT = """
import sys
from kada_dagster.hwm.azure_objects import AzureObjects
from kada_dagster.landing.places import AzureDirectory
from kada_dagster.secrets import Secret

container, url, times = sys.argv[1:]
token = Secret(variable="KADA_SAS_TOKEN")
objects = AzureObjects(AzureDirectory("kada", container, "lz/landing", token, account_url=url))
done = 0
while done < int(times):
    found = objects.read("count")
    done += objects.replace("count", b"%d" % (int(found.data or 0) + 1), found.version)
"""


@pytest.fixture
def container(azurite: Azurite) -> ContainerClient:
    return azurite.new_container()


@pytest.fixture
def objects(azurite: Azurite, container: ContainerClient) -> AzureObjects:
    return AzureObjects(azurite.directory(container.container_name))


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between tries, in order; they take no time."""
    asked = list[float]()
    monkeypatch.setattr(azure_client, "time", SimpleNamespace(sleep=asked.append))
    return asked


def test_an_object_is_beside_the_landing_directory(
    azurite: Azurite, container: ContainerClient, objects: AzureObjects
) -> None:
    assert objects.replace(NAME, b"x", None)
    assert [blob.name for blob in container.list_blobs()] == [f"lz/shop/hwm/{NAME}"]
    place = f"{azurite.account_url}/{container.container_name}/lz/shop/hwm/{NAME}"
    assert objects.describe(NAME) == place


def test_an_object_that_is_not_there_has_no_version(objects: AzureObjects) -> None:
    assert objects.read(NAME) == Versioned(None, None)


@pytest.mark.parametrize("data", [b"2024-01-02 00:00:00\n", b"", b"\0\xff\r\n", bytes(300_000)])
def test_what_is_read_is_what_was_written(objects: AzureObjects, data: bytes) -> None:
    assert objects.replace(NAME, data, None)
    found = objects.read(NAME)
    assert found.data == data
    assert objects.replace(NAME, data * 2, found.version)
    assert objects.read(NAME).data == data * 2


def test_only_who_knows_the_present_version_writes(objects: AzureObjects) -> None:
    assert objects.replace(NAME, b"1", None)
    first = objects.read(NAME).version
    assert not objects.replace(NAME, b"2", None)
    assert not objects.replace("other", b"2", first)
    assert objects.replace(NAME, b"2", first)
    assert not objects.replace(NAME, b"3", first)
    assert objects.read(NAME).data == b"2"
    assert objects.read("other") == Versioned(None, None)


def test_a_version_does_not_come_back_with_the_content(objects: AzureObjects) -> None:
    assert objects.replace(NAME, b"1", None)
    first = objects.read(NAME).version
    assert objects.replace(NAME, b"1", first)
    assert objects.read(NAME).version != first


def test_an_object_that_was_deleted_is_not_replaced(
    container: ContainerClient, objects: AzureObjects
) -> None:
    assert objects.replace(NAME, b"1", None)
    version = objects.read(NAME).version
    container.delete_blob(f"lz/shop/hwm/{NAME}")
    assert not objects.replace(NAME, b"2", version)
    assert objects.replace(NAME, b"2", None)


@pytest.mark.parametrize("existing", [False, True])
def test_of_many_writers_at_once_exactly_one_wins(objects: AzureObjects, existing: bool) -> None:
    if existing:
        assert objects.replace(NAME, b"old", None)
    version = objects.read(NAME).version
    with ThreadPoolExecutor(8) as pool:
        texts = [b"%d" % n for n in range(8)]
        writing = [pool.submit(objects.replace, NAME, text, version) for text in texts]
        won = [future.result() for future in writing]
    assert sum(won) == 1
    assert objects.read(NAME).data == texts[won.index(True)]


def test_no_change_of_several_processes_is_lost(
    azurite: Azurite, container: ContainerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = container.container_name
    monkeypatch.setenv("KADA_SAS_TOKEN", azurite.container_sas(name))
    command = [sys.executable, "-c", _COUNT, name, azurite.account_url, "10"]
    processes = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert container.download_blob("lz/hwm/count").readall() == b"30"


@pytest.mark.parametrize("existing", [False, True])
def test_a_write_whose_answer_was_lost_is_known_again(
    azurite: Azurite, container: ContainerClient, existing: bool, pauses: list[float]
) -> None:
    lost = Fault("PUT", skip=int(existing), cut_answer=True)
    with FaultProxy(azurite.port, lost) as proxy:
        objects = AzureObjects(azurite.directory(container.container_name, port=proxy.port))
        version = None
        if existing:
            assert objects.replace(NAME, b"old", None)
            version = objects.read(NAME).version
        assert objects.replace(NAME, b"new", version)
        assert lost.struck == 1
        assert objects.read(NAME).data == b"new"
        assert not objects.replace(NAME, b"again", version)


def test_faults_that_pass_are_overcome(
    azurite: Azurite, container: ContainerClient, pauses: list[float]
) -> None:
    faults = [
        Fault("PUT", status=429),
        Fault("PUT", status=503),
        Fault("PUT", cut_after=0),
        Fault("GET", status=429),
        Fault("GET", status=500),
        Fault("GET", cut_answer=True),
    ]
    with FaultProxy(azurite.port, *faults) as proxy:
        objects = AzureObjects(azurite.directory(container.container_name, port=proxy.port))
        assert objects.replace(NAME, b"new", None)
        assert objects.read(NAME).data == b"new"
    assert [fault.struck for fault in faults] == [1] * len(faults)


@pytest.mark.parametrize(
    "fault",
    [
        lambda: Fault("PUT|GET", status=503, times=None),
        lambda: Fault("PUT|GET", times=None, cut_answer=True),
    ],
)
def test_a_fault_that_lasts_says_so(
    azurite: Azurite, container: ContainerClient, fault: object, pauses: list[float]
) -> None:
    with FaultProxy(azurite.port, fault()) as proxy:  # type: ignore[operator]
        objects = AzureObjects(azurite.directory(container.container_name, port=proxy.port))
        for work in (lambda: objects.read(NAME), lambda: objects.replace(NAME, b"x", '"0x1"')):
            with pytest.raises(ConnectionFailedError, match=r"^high water marks beside http"):
                work()


@pytest.mark.parametrize(
    ("permission", "reads", "said"),
    [
        ("r", True, r"lacks the permission write \(w\), it has r"),
        ("cw", False, r"lacks the permission read \(r\), it has cw"),
    ],
)
def test_a_token_that_may_not_do_both_is_explained(
    azurite: Azurite,
    container: ContainerClient,
    objects: AzureObjects,
    permission: str,
    reads: bool,
    said: str,
) -> None:
    assert objects.replace(NAME, b"1", None)
    name = container.container_name
    token = azurite.container_sas(name, permission)
    limited = AzureObjects(azurite.directory(name, token=token))
    outcomes = list[KadaError]()
    for work in (
        lambda: limited.read(NAME),
        lambda: limited.replace(NAME, b"2", objects.read(NAME).version),
    ):
        try:
            work()
        except PermissionDeniedError as error:
            outcomes.append(error)
    assert len(outcomes) == 1
    assert token.rpartition("sig=")[2] not in str(outcomes[0])
    with pytest.raises(PermissionDeniedError, match=said):
        raise outcomes[0]
    assert objects.read(NAME).data == (b"1" if reads else b"2")


def test_a_missing_container_is_an_error_and_not_a_missing_object(azurite: Azurite) -> None:
    directory = azurite.directory("nosuchcontainer", token=azurite.account_sas())
    for work in (
        lambda: AzureObjects(directory).read(NAME),
        lambda: AzureObjects(directory).replace(NAME, b"x", None),
    ):
        with pytest.raises(WatermarkError, match="there is no such container"):
            work()


def test_a_leased_object_is_an_error_and_not_a_lost_race(
    container: ContainerClient, objects: AzureObjects
) -> None:
    assert objects.replace(NAME, b"1", None)
    version = objects.read(NAME).version
    container.get_blob_client(f"lz/shop/hwm/{NAME}").acquire_lease()
    with pytest.raises(WatermarkError, match="holds a lease"):
        objects.replace(NAME, b"2", version)


def test_beside_a_whole_container_there_is_nothing(azurite: Azurite) -> None:
    with pytest.raises(ConfigError, match="give the landing a path"):
        AzureObjects(azurite.directory("any", "")).read(NAME)
