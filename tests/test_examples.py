"""Sources of measured architectures that can't be what was meant are refused in words."""

import pytest

from genas.core import registry
from genas.core.errors import RequestError
from genas.examples import examples


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("sample=abc", "sample must be a whole number of at least 1, not 'abc'"),
        ("sample=0", "sample must be"),
        ("seed=-1", "seed must be a whole number of at least 0"),
        ("seed=true", "seed must be"),
        ("sample=1,devices=3", "3"),
    ],
)
def test_options_of_a_table_are_checked(options: str, words: str) -> None:
    with pytest.raises(RequestError, match=words):
        examples(registry.create("spaces", "nasbench201"), [f"table:nasbench201:{options}"])
