"""The versions that are locked install on every Python the package is for."""

from __future__ import annotations

from importlib.metadata import distributions
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.10.0", "3.11.0", "3.12.0", "3.13.0")


def locked() -> set[tuple[str, str]]:
    """Name and version of every package in the file."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {(canonicalize_name(name), version) for name, version in pairs}


def test_no_locked_version_leaves_a_python_out() -> None:
    """As pip sees it: one of them would end `make demo` there."""
    named = {dist.metadata["Name"]: dist for dist in distributions() if dist.metadata["Name"]}
    pins = locked()
    refused = {
        f"{name} {dist.version} on {python}"
        for name, dist in named.items()
        if (canonicalize_name(name), dist.version) in pins
        for python in PYTHONS
        if python not in SpecifierSet(dist.metadata["Requires-Python"] or "")
    }
    assert len(pins) > 200
    assert not refused
