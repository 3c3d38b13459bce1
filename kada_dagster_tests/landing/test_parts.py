"""How a file is cut into parts, and how much of it is in memory at once."""

from __future__ import annotations

import hashlib
import threading
from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kada_dagster.landing.parts import (
    MOST_PARTS,
    PART_BYTES,
    ByteBudget,
    composite_of,
    part_lengths,
    part_size,
    whole_sum,
)

LARGEST = 48 * 2**40  # S3's largest object since 2025


@given(st.integers(0, LARGEST))
def test_parts_cover_a_file_of_any_size_and_are_never_too_many_or_too_small(size: int) -> None:
    step = part_size(size)
    assert step >= PART_BYTES
    assert step % 2**20 == 0
    assert -(-size // step) <= MOST_PARTS


@pytest.mark.parametrize("size", [0, 1, PART_BYTES, PART_BYTES + 1, 90 * 2**30])
def test_all_parts_but_the_last_are_alike(size: int) -> None:
    lengths = part_lengths(size)
    assert sum(lengths) == size
    assert set(lengths[:-1]) <= {part_size(size)}


def test_sums_are_written_as_s3_documents_them(tmp_path: Path) -> None:
    parts = [b"a" * PART_BYTES, b"b" * 10]
    (tmp_path / "file").write_bytes(b"".join(parts))
    sums = b"".join(hashlib.sha256(part).digest() for part in parts)
    expected = b64encode(hashlib.sha256(sums).digest()).decode() + "-2"
    assert composite_of(tmp_path / "file", PART_BYTES + 10) == expected
    assert whole_sum(hashlib.sha256(b"").hexdigest()) == (
        "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    )


def test_a_budget_is_never_exceeded_but_by_a_single_larger_piece() -> None:
    budget, lock, held, most = ByteBudget(10), threading.Lock(), list[int](), list[int]()

    def work(count: int) -> None:
        with budget.taken(count):
            with lock:
                held.append(count)
                most.append(sum(held) if len(held) > 1 else 0)
            with lock:
                held.remove(count)

    threads = [threading.Thread(target=work, args=(1 + n % 12,)) for n in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(most) == 60
    assert max(most) <= 10
