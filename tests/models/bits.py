"""What a model holds, compared bit for bit."""

import numpy as np


def values(variables):
    return [np.asarray(variable) for variable in variables]


def state(model):
    """All that a training goes on from."""
    return values([*model.weights, *(v for p in model.players for v in p.optimizer.variables)])


def assert_same_bits(found, wanted):
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(one, other)
