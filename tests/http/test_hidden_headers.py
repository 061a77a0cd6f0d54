"""Header values with a secret: what copies of them and pickles show."""

import copy
import pickle

import pytest

from canvus_async.http.secrets import PlainHeader, Secret, SecretHeader

CANARY = "canary-7f3a"


@pytest.mark.parametrize("header", [SecretHeader(Secret(CANARY), "Bearer "), PlainHeader(CANARY)])
def test_pickled_header_is_masked(header: str) -> None:
    assert CANARY not in repr(pickle.dumps(header))
    assert pickle.loads(pickle.dumps(header)) == "***"


def test_copied_header_still_sends_the_secret_and_hides_it() -> None:
    header = SecretHeader(Secret(CANARY), "Bearer ")
    for copied in (copy.copy(header), copy.deepcopy({"a": [header]})["a"][0]):
        assert CANARY not in repr(copied)
        assert str(copied) == f"Bearer {CANARY}"
