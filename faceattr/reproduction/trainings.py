"""The trainings that the experiments need: the same data, budget and seed for each of them."""

import logging
import pathlib
from typing import Any

from faceattr.attributes import PAPER_ATTRIBUTES
from faceattr.errors import UserError
from faceattr.reproduction.settings import ReproductionSettings
from faceattr.runs.run import Run
from faceattr.runs.settings import TrainConfig
from faceattr.training.train import train

_logger = logging.getLogger(__name__)

SIX = tuple(attribute.name for attribute in PAPER_ATTRIBUTES)
BASELINE = "vae_gan"
NO_RESIDUAL, NO_DUAL = "glasses-no_residual", "glasses-no_dual"

# What sets a training apart from that of its attribute.
_VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    # One for all attributes: it learns faces, and an attribute is a vector among its codes.
    BASELINE: ("glasses", {"model": "vae_gan"}),
    NO_RESIDUAL: ("glasses", {"residual": False}),
    NO_DUAL: ("glasses", {"dual": False}),
}


def training_config(
    name: str, settings: ReproductionSettings, data_dir: pathlib.Path
) -> TrainConfig:
    """The settings of one training.

    Args:
        name: one of `SIX`, `BASELINE`, `NO_RESIDUAL`, `NO_DUAL`.
        settings: of the experiments.
        data_dir: the packed crops, see `data.prepare`.
    """
    attr, changed = _VARIANTS.get(name, (name, {}))
    return TrainConfig.of(
        attr=attr,
        data="packed",
        data_dir=str(data_dir),
        # The partition says who is held out; see `data.prepare`.
        split="official",
        image_size=settings.image_size,
        width=settings.width,
        batch_size=settings.batch_size,
        steps=settings.steps,
        **({} if name == BASELINE else _of_ours(settings)),
        precision=settings.precision,
        seed=settings.seed,
        **changed,
    )


def _of_ours(settings: ReproductionSettings) -> dict[str, Any]:
    return {
        "alpha": settings.alpha,
        "spectral_norm": settings.spectral_norm,
        "ema_decay": settings.ema_decay,
    }


def trained(
    name: str, settings: ReproductionSettings, data_dir: pathlib.Path, folder: pathlib.Path
) -> Run:
    """The finished run of a training: as it is there, gone on with, or made now.

    Args:
        name, settings, data_dir: see `training_config`.
        folder: the runs lie in `folder / name`.

    Raises:
        UserError: if a run of other settings is there, or the data cannot be used.
        TrainingStopped, TrainingDiverged: as `faceattr.train`.
    """
    config = training_config(name, settings, data_dir)
    run = Run(folder / name)
    begun = run.state != "new"
    if begun and run.config != config:
        raise UserError(
            f"{run.folder}: a run with other settings (config.json differs from what reproduce.py "
            "would train); name another --out, or remove that run"
        )
    if run.state == "finished":
        _logger.info("%s: trained already", name)
        return run
    _logger.info("\n=== training %s (%d steps) in %s", name, config.steps, run.folder)
    return train(config, run.folder, resume=begun)
