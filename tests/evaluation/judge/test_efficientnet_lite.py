import math
import re

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from faceattr.evaluation.judge.efficientnet_lite import efficientnet_lite0

# As efficientnet-lite-pytorch 0.1.0 has them: repeats, kernel, strides, widening, channels.
BLOCKS = """
r1_k3_s11_e1_i32_o16 r2_k3_s22_e6_i16_o24 r2_k5_s22_e6_i24_o40 r3_k3_s22_e6_i40_o80
r3_k5_s11_e6_i80_o112 r4_k5_s22_e6_i112_o192 r1_k3_s11_e6_i192_o320
"""


class Written:
    """That package's network written out for one image, of weights that are drawn as it asks."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.weights = {}
        self.stages = []

    def __call__(self, x):
        """From [s, s, 3], as the network's training had pixels, to logits."""
        x = clipped(self.convolved("_conv_stem", "_bn0", x, 32, 3, 2))
        number = 0
        for block in BLOCKS.split():
            found = re.fullmatch(r"r(\d)_k(\d)_s(\d)\d_e(\d)_i(\d+)_o(\d+)", block)
            repeats, side, stride, widening, before, after = map(int, found.groups())
            for _ in range(repeats):
                name = f"_blocks.{number}._"
                y = x
                if widening > 1:
                    wide = before * widening
                    y = clipped(self.convolved(f"{name}expand_conv", f"{name}bn0", y, wide, 1))
                y = clipped(self.filtered(f"{name}depthwise_conv", f"{name}bn1", y, side, stride))
                y = self.convolved(f"{name}project_conv", f"{name}bn2", y, after, 1)
                x = x + y if stride == 1 and before == after else y
                stride, before, number = 1, after, number + 1
            self.stages.append(x)
        x = clipped(self.convolved("_conv_head", "_bn1", x, 1280, 1)).mean(axis=(0, 1))
        return self.drawn("_fc.weight", (1000, 1280)) @ x + self.drawn("_fc.bias", (1000,))

    def convolved(self, name, norm, x, channels, side, stride=1):
        kernel = self.drawn(f"{name}.weight", (channels, x.shape[-1], side, side))
        return self.normalised(norm, np.einsum("hwiab,oiab->hwo", windows(x, side, stride), kernel))

    def filtered(self, name, norm, x, side, stride):
        kernel = self.drawn(f"{name}.weight", (x.shape[-1], 1, side, side))[:, 0]
        return self.normalised(norm, np.einsum("hwiab,iab->hwi", windows(x, side, stride), kernel))

    def normalised(self, name, x):
        shift, mean = (
            self.drawn(f"{name}.{part}", x.shape[-1:]) for part in ("bias", "running_mean")
        )
        scale, variance = (
            self.drawn(f"{name}.{part}", x.shape[-1:], 0.5) for part in ("weight", "running_var")
        )
        return scale * (x - mean) / np.sqrt(variance + 1e-3) + shift

    def drawn(self, name, shape, least=None):
        values = self.random.normal(0, 1 / math.sqrt(math.prod(shape[1:])), shape)
        if least is not None:
            values = self.random.uniform(least, 1.5, shape)
        self.weights[name] = values.astype(np.float32)
        return values


def windows(x, side, stride):
    """[rows, columns, channels, side, side], of as many places as the stride leaves of the rows."""
    places = math.ceil(len(x) / stride)
    total = max(0, (places - 1) * stride + side - len(x))
    padding = (total // 2, total - total // 2)
    padded = np.pad(x, (padding, padding, (0, 0)))
    return sliding_window_view(padded, (side, side), axis=(0, 1))[::stride, ::stride]


def clipped(x):
    return np.clip(x, 0, 6)


def test_the_network_is_the_one_that_the_weights_were_written_for():
    written = Written(seed=0)
    pixels = np.random.default_rng(1).integers(0, 256, (32, 32, 3))
    logits = written((pixels - 127.0) / 128.0)

    network = efficientnet_lite0(written.weights, 32)

    found = np.asarray(network((pixels / 127.5 - 1)[None].astype(np.float32), training=False))
    assert logits.std() > 0.1
    np.testing.assert_allclose(found[0], logits, atol=1e-3 * logits.std())
    shapes = [network.get_layer(f"stage{number}").output.shape[1:] for number in range(1, 8)]
    assert shapes == [stage.shape for stage in written.stages]
