"""How many examples a property is tried on: a fair number each time, `KEDAI_EXAMPLES` times as many at night."""

import os

from hypothesis import settings

TIMES = int(os.environ.get("KEDAI_EXAMPLES", "1"))


def examples(count: int, **given) -> settings:
    """Settings of a property that is worth `count` examples in the normal run."""
    return settings(max_examples=count * TIMES, **given)
