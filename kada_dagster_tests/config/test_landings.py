"""Landings and stores of marks in kada.yaml: every kind, shared ones, and what is wrong in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from kada_dagster.config import (
    AzureLandingSettings,
    KadaConfig,
    LandingMarkSettings,
    PostgresMarkSettings,
    S3LandingSettings,
    load_config_file,
)
from kada_dagster.config.problems import ConfigFileError
from kada_dagster.errors import ConfigError
from kada_dagster.landing.places import AzureDirectory, S3Directory
from kada_dagster.secrets import Secret

SOURCE = """
  - type: postgres
    name: {name}
    server: db.example
    username: kada
    window: {{start: 2024-01-01 00:00:00}}
"""
AZURE = "type: azure, storage_account: acc, container: lz, sas_token: '${SAS}'"


def load(folder: Path, landings: list[str], head: str = "") -> KadaConfig:
    file = folder / "kada.yaml"
    sources = [
        SOURCE.format(name=f"s{place}") + (f"    landing: {{{landing}}}\n" if landing else "")
        for place, landing in enumerate(landings)
    ]
    file.write_text(f"{head}\nsources:{''.join(sources)}")
    return load_config_file(file)


def problem(folder: Path, landing: str, head: str = "") -> str:
    with pytest.raises(ConfigFileError) as caught:
        load(folder, [landing], head)
    (found,) = caught.value.problems
    return f"{found.where.rpartition(':')[2]} {found.field}: {found.message}"


def test_every_kind_of_landing_is_told_apart_by_its_type(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        [
            "type: local, path: in",
            AZURE + ", path: /lz/shop/landing/",
            "type: s3, bucket: b, path: lz/x, region: eu-west-1, role_arn: r, external_id: e",
            "",
        ],
    )
    local, azure, s3, none = (source.landing for source in config.sources)
    assert local is not None
    assert local.place == str(tmp_path / "in")
    assert isinstance(azure, AzureLandingSettings)
    assert azure.directory() == AzureDirectory(
        "acc", "lz", "lz/shop/landing", Secret(variable="SAS")
    )
    assert isinstance(s3, S3LandingSettings)
    assert s3.directory() == S3Directory("b", "lz/x", "eu-west-1", role_arn="r", external_id="e")
    assert none is None
    assert config.sources[1].secrets() == [Secret(variable="SAS")]


def test_sources_share_a_landing_each_with_its_own_path(tmp_path: Path) -> None:
    head = f"landings: {{lake: {{{AZURE}, timeout: 5}}}}"
    config = load(tmp_path, ["use: lake, path: lz/a", "use: lake, path: lz/b, timeout: 9"], head)
    first, second = (source.landing for source in config.sources)
    assert isinstance(first, AzureLandingSettings)
    assert isinstance(second, AzureLandingSettings)
    assert (first.path, first.timeout, first.container) == ("lz/a", 5, "lz")
    assert (second.path, second.timeout, second.container) == ("lz/b", 9, "lz")


@pytest.mark.parametrize(
    ("landing", "message"),
    [
        ("path: x", "8 sources[0].landing.type: is required; one of: local, s3, azure"),
        (
            "type: azur, path: x",
            "8 sources[0].landing.type: must be one of local, s3, azure; did you mean 'azure'?",
        ),
        (
            AZURE + ", path: x, sas_tokn: y",
            "8 sources[0].landing.sas_tokn: unknown key; did you mean 'sas_token'?",
        ),
        (
            "type: s3, bucket: b, path: a//b",
            "8 sources[0].landing.path: must be folder names with a single / between them, like "
            "lz/shop/landing",
        ),
        (
            "type: s3, bucket: b, path: a, endpoint_url: 'https://u:p@host'",
            "8 sources[0].landing.endpoint_url: must be an address like https://host:port, "
            "without credentials or query",
        ),
        (
            "type: s3, bucket: b, path: a, access_key_id: '${K}'",
            "8 sources[0].landing: access_key_id and secret_access_key go together",
        ),
        (
            "use: lak, path: x",
            "8 sources[0].landing.use: no landing of that name under `landings`; did you mean "
            "'lake'?; there are: lake",
        ),
        ("use: lake, path: x", "1 sources[0].landing.tipe: unknown key; did you mean 'type'?"),
    ],
)
def test_what_is_wrong_in_a_landing_is_named(tmp_path: Path, landing: str, message: str) -> None:
    head = "landings: {lake: {tipe: s3, type: s3, bucket: b}}"
    assert problem(tmp_path, landing, head) == message


def test_a_secret_written_into_a_landing_is_refused_and_not_repeated(tmp_path: Path) -> None:
    found = problem(
        tmp_path, "type: azure, storage_account: a, container: c, path: p, sas_token: sig=planted"
    )
    assert "planted" not in found
    assert "put it in an environment variable" in found


def test_two_sources_cannot_have_the_same_place_in_a_store(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="another source has this landing directory"):
        load(tmp_path, [AZURE + ", path: lz/a", AZURE + ", path: lz/a/"])


def test_every_store_of_marks_is_told_apart_by_its_type(tmp_path: Path) -> None:
    beside = load(tmp_path, ["type: local, path: lz/landing"], "high_water_marks: {type: landing}")
    assert isinstance(beside.high_water_marks, LandingMarkSettings)
    store = beside.high_water_marks.store(beside.sources[0])
    assert store.describe("s0") == str(tmp_path / "lz" / "hwm" / "s0_hwm.txt")
    table = load(
        tmp_path,
        [""],
        "high_water_marks: {type: postgres, server: s, database: d, username: u, schema: marks}",
    )
    assert isinstance(table.high_water_marks, PostgresMarkSettings)
    assert table.high_water_marks.schema_name == "marks"


def test_marks_beside_a_landing_that_is_not_there_are_refused(tmp_path: Path) -> None:
    config = load(tmp_path, [""], "high_water_marks: {type: landing}")
    with pytest.raises(ConfigError, match="source 's0' has no landing"):
        config.high_water_marks.store(config.sources[0])


def test_marks_have_nowhere_to_be_beside_a_whole_container() -> None:
    with pytest.raises(ConfigError, match="give the landing a path"):
        AzureDirectory("a", "c").beside("x_hwm.txt")
    assert S3Directory("b", "landing").beside("x_hwm.txt") == "hwm/x_hwm.txt"
