"""The one progress bar: time left on a terminal, a line now and then in a log file."""

import sys
from typing import Any

from tqdm import tqdm

_SECONDS_BETWEEN_LOG_LINES = 30
_SECONDS_BEFORE_IT_SHOWS = 1


def progress_bar(*iterable: Any, unit: str, **kwargs: Any) -> tqdm:
    """A bar that shows itself once the work takes more than a moment.

    Args:
        *iterable: what to go through, if the bar is to count by itself.
        unit: str, what is counted, such as `"image"`.
        **kwargs: of `tqdm.tqdm`, such as `total` and `desc`.
    """
    settings = {
        "dynamic_ncols": True,
        "delay": _SECONDS_BEFORE_IT_SHOWS,
        "mininterval": 0.2 if sys.stderr.isatty() else _SECONDS_BETWEEN_LOG_LINES,
    }
    return tqdm(*iterable, unit=unit, **{**settings, **kwargs})
