"""Changes: what is left of a record, and one that says nothing."""

import pytest

from canvus_async import Change


def test_change_without_old_and_new_has_no_record() -> None:
    with pytest.raises(ValueError, match="w1"):
        print(Change("updated", "w1", None, None).record)
