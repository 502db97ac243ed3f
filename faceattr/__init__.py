"""Face attributes edited by residual images (Shen and Liu, CVPR 2017).

The public names, each imported when first used, so that editing needs no TensorFlow:

    faceattr.train(faceattr.TrainConfig(attr="young"), run_dir)
    faceattr.evaluate_runs([run_dir], "report")
    faceattr.export(run_dir, "bundles")
    faceattr.Editor.load("make_young").edit(photo)
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from faceattr.editing.editor import Editor
    from faceattr.errors import UserError
    from faceattr.evaluation.evaluate_runs import evaluate_runs
    from faceattr.exporting.export import export
    from faceattr.models.residual_gan.model import ResidualGAN
    from faceattr.runs.settings import TrainConfig
    from faceattr.training.train import train

__all__ = [
    "Editor",
    "ResidualGAN",
    "TrainConfig",
    "UserError",
    "evaluate_runs",
    "export",
    "train",
]

_HOMES = {
    "Editor": "faceattr.editing.editor",
    "ResidualGAN": "faceattr.models.residual_gan.model",
    "TrainConfig": "faceattr.runs.settings",
    "UserError": "faceattr.errors",
    "evaluate_runs": "faceattr.evaluation.evaluate_runs",
    "export": "faceattr.exporting.export",
    "train": "faceattr.training.train",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'faceattr' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
