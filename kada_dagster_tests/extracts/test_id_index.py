"""The index of ids: what a plain set would say, in a fraction of its memory."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kada_dagster.extracts.id_index import IdIndex


class Id:
    """An id with the hash it is given."""

    def __init__(self, name: str, number: int) -> None:
        self.name, self.number = name, number

    def __hash__(self) -> int:
        return self.number

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Id) and self.name == other.name


extremes = st.sampled_from([-(2**61) + 2, -(2**60), -2, 0, 1, 2**60, 2**61 - 2])
hashes = st.one_of(st.integers(-(2**61) + 2, 2**61 - 2), extremes, st.integers(0, 20))


@given(st.lists(st.lists(hashes, max_size=30), max_size=6), st.sets(hashes, max_size=30))
def test_it_says_what_a_plain_set_says(batches: list[list[int]], wanted: set[int]) -> None:
    index = IdIndex()
    for batch in batches:
        index.add(Id("x", number) for number in batch)
    everything = [hash(Id("x", number)) for batch in batches for number in batch]
    assert len(index) == len(everything)
    assert index.duplicates() == {n for n in everything if everything.count(n) > 1}
    assert index.missing(wanted) == wanted - set(everything)


@given(st.lists(st.binary(max_size=3), max_size=60))
def test_real_ids_that_occur_twice_are_found_by_their_hash(ids: list[bytes]) -> None:
    index = IdIndex()
    index.add(ids[:30])
    index.add(ids[30:])
    assert index.duplicates() == {hash(id_) for id_ in ids if ids.count(id_) > 1}


def test_hashes_at_both_ends_and_of_every_bucket_are_kept_and_two_indexes_make_one() -> None:
    borders = [-(2**63) + (2**58) * step for step in range(65)]
    near = {border + by for border in borders for by in range(-65, 65) if by != -1}
    numbers = sorted(number for number in near if -(2**63) <= number < 2**63 and number != -1)
    index, other = IdIndex(), IdIndex()
    index.add(Id("x", number) for number in numbers[::2])
    other.add(Id("x", number) for number in numbers[1::2])
    assert index.missing(set(numbers)) == set(numbers[1::2])
    index.extend(other)
    assert index.missing(set(numbers)) == set()
    assert index.duplicates() == set()
    assert len(index) == len(numbers)
    index.extend(other)
    assert index.duplicates() == set(numbers[1::2])
