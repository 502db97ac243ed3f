"""Every family holds the contract."""

import pathlib

import pytest

for part in ("contract", "contract_of_rows", "contract_of_settings"):
    pytest.register_assert_rewrite(f"models.{part}")

from models.contract import FamilyContract  # noqa: E402


class TestResidualGAN(FamilyContract):
    name = "residual_gan"
    settings = {"ema_decay": 0.9}  # noqa: RUF012
    test_jax_takes_tensorflows_step = None  # tests/models/test_jax.py has it, of more settings


class TestVAEGAN(FamilyContract):
    name = "vae_gan"


class TestSharedGAN(FamilyContract):
    name = "shared_gan"
    attr = "smile"  # a list of one; tests/models/shared_gan has more
    settings = {"head_start": 1, "views": 1.0}  # noqa: RUF012
    rounding = 1e-5  # scale and shift are folded into the normalisation


class TestDummy(FamilyContract):
    name = "dummy"
    attr = "glasses,smile"
    settings = {"warm_up": 1}  # noqa: RUF012
    package = pathlib.Path(__file__).parent / "dummy"
    test_jax_takes_tensorflows_step = None  # tests/models/test_dummy_family.py trains on JAX
