"""The memory cache evicts by least recent use, and counts its bytes exactly."""

from hypothesis import given
from hypothesis import strategies as st

from canvus_async import MemoryCache


def test_stored_value_is_found() -> None:
    cache = MemoryCache()
    cache.put("a", b"1")

    assert cache.get("a") == b"1"
    assert cache.get("b") is None


def test_least_recently_used_value_is_evicted_first() -> None:
    cache = MemoryCache(max_bytes=80)
    for key in "abcdefgh":
        cache.put(key, b"123456789")
    cache.get("a")
    cache.put("i", b"123456789")

    assert cache.get("a") is not None
    assert cache.get("b") is None


def test_value_that_would_evict_most_others_is_not_stored() -> None:
    cache = MemoryCache(max_bytes=800)
    cache.put("small", b"x")
    cache.put("large", b"x" * 101)

    assert (cache.get("small"), cache.get("large")) == (b"x", None)


@given(st.lists(st.tuples(st.sampled_from("abcdefghij"), st.binary(max_size=40))))
def test_byte_count_is_exact_and_bounded(puts: list[tuple[str, bytes]]) -> None:
    cache = MemoryCache(max_bytes=160)
    for key, value in puts:
        cache.put(key, value)

    kept = {key: value for key in "abcdefghij" if (value := cache.get(key)) is not None}
    assert cache.bytes == sum(len(key) + len(value) for key, value in kept.items()) <= 160
    assert len(cache) == len(kept)
    if puts and len(puts[-1][1]) < 20:
        assert kept[puts[-1][0]] == puts[-1][1]
