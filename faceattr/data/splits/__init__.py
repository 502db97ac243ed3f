"""Training and test: at random as in the paper (section 4), CelebA's own, or by person.

A training of one attribute has classes of equal size, `Split`; a training of several has one set
of held-out images for all of them, `SharedSplit`.
"""

from faceattr.data.splits.balanced import (
    balanced_split,
    make_split,
    official_split,
    person_split,
    unbalanced,
)
from faceattr.data.splits.placing import PAPER_TEST_PER_CLASS, SPLITS, default_test_per_class
from faceattr.data.splits.shared import make_shared_split
from faceattr.data.splits.split import AnySplit, SharedSplit, Split, read_split

__all__ = [
    "PAPER_TEST_PER_CLASS",
    "SPLITS",
    "AnySplit",
    "SharedSplit",
    "Split",
    "balanced_split",
    "default_test_per_class",
    "make_shared_split",
    "make_split",
    "official_split",
    "person_split",
    "read_split",
    "unbalanced",
]
