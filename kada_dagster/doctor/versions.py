"""Whether Python and the packages are those this one works with, and nothing is missing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution, version
from importlib.util import find_spec
from typing import TYPE_CHECKING

from kada_dagster import __version__
from kada_dagster.doctor.check import Verdict, fail, ok, warn
from kada_dagster.doctor.needed import Need

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_PACKAGE = "kada_dagster"
_OF_TESTS = "dev"
"""The extra of this package's own tests: what it needs says nothing about others'."""


def python_verdicts() -> Iterator[Verdict]:
    """Whether this Python is one of those the package is for."""
    from packaging.specifiers import SpecifierSet

    wanted = distribution(_PACKAGE).metadata["Requires-Python"] or ""
    here = ".".join(map(str, sys.version_info[:3]))
    if here in SpecifierSet(wanted):
        yield ok(f"{here}, {_PACKAGE} {__version__}")
    else:
        yield fail(f"Python {here} is not {wanted}: make the environment with another one")


def package_verdicts() -> Iterator[Verdict]:
    """Whether what the package requires is there, in a version it works with."""
    from packaging.requirements import Requirement

    try:
        package = distribution(_PACKAGE)
    except PackageNotFoundError:
        yield warn(f"{_PACKAGE} runs from a folder and is not installed: pip install it")
        return
    extras = set(package.metadata.get_all("Provides-Extra") or ()) - {_OF_TESTS}
    count, wrong = 0, list[Verdict]()
    for requirement in map(Requirement, package.requires or ()):
        found = _version(requirement.name)
        if not _is_of(requirement, {""} if found is None else {"", *extras}):
            continue
        count += 1
        if found is None:
            wrong.append(fail(f"{requirement.name} is not installed: {_install(requirement)}"))
        elif not requirement.specifier.contains(found, prereleases=True):
            wrong.append(
                fail(
                    f"{requirement.name} {found} does not work with {_PACKAGE} "
                    f"{__version__}: {_install(requirement)}"
                )
            )
    yield from wrong or [ok(f"{count} packages in versions that work")]


def dagster_verdicts() -> Iterator[Verdict]:
    """Whether Dagster and its libraries are of one release: 1.13.27 goes with 0.29.27."""
    core = _version("dagster")
    if core is None:
        yield fail(f"dagster is not installed: pip install {_PACKAGE}")
        return
    released = {core, _library_version(core)}
    apart = [
        f"{name} {found}"
        for name in _dagster_packages()
        if (found := _version(name)) is not None and found not in released
    ]
    if apart:
        library = _library_version(core)
        yield fail(
            f"{', '.join(apart)} are not of the release of dagster {core}: pip install "
            f"those that begin with 1. as =={core}, the others as =={library}"
        )
    else:
        yield ok(f"dagster {core}, its libraries {_library_version(core)}")


def need_verdicts(needs: list[Need]) -> Iterator[Verdict]:
    """Whether the modules are there that a configuration needs beyond the usual ones."""
    missing = [need for need in needs if not _is_there(need.module)]
    for need in missing:
        yield fail(
            f"{need.user} needs {need.module}, which is not installed: pip install {need.package}"
        )
    if not missing:
        yield ok(", ".join(sorted({need.module for need in needs})))


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ImportError:
        return False


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _is_of(requirement: Requirement, extras: set[str]) -> bool:
    """Whether one of these extras has the requirement on this platform; "" is none of them."""
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in extras)


def _install(requirement: object) -> str:
    name, specifier = getattr(requirement, "name", ""), getattr(requirement, "specifier", "")
    return f"pip install '{name}{specifier}'"


def _dagster_packages() -> list[str]:
    """Dagster's own packages among those this one may require, and those they bring."""
    from packaging.requirements import Requirement

    texts = distribution(_PACKAGE).requires or []
    named = {Requirement(text).name for text in texts}
    brought = {"dagster-graphql", "dagster-pipes", "dagster-shared", "dagster-dg-core"}
    return sorted(name for name in named | brought if name.startswith("dagster-"))


def _library_version(core: str) -> str:
    """The version of the libraries of a release; `dagster_shared.libraries` has the rule."""
    _, minor, rest = core.split(".", 2)
    return f"0.{int(minor) + 16}.{rest}"
