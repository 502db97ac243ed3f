"""The paper's model as a family: its options, terms, and what it exports."""

import dataclasses
from collections.abc import Sequence
from typing import Any, ClassVar

from faceattr.edits import Edit
from faceattr.models.family import Alarm, Task, Term
from faceattr.models.pair_family import DISCRIMINATOR_WINS, PairFamily, discriminator_terms
from faceattr.options import check, documented, option

_OBJECTIVE = "networks and objective"
_REGULARISERS = "regularisers, off in the paper"
_RESIDUALS = ("residual_to_positive", "residual_to_negative")


@documented
@dataclasses.dataclass(frozen=True)
class ResidualGANOptions:
    """What is the model's own of a training's settings; the defaults are the paper's.

    Raises:
        UserError: if an option is of another type or out of its range.
    """

    alpha: float | None = option(
        None,
        "weight of the residual's L1 norm (Eq. 8), 0 or more (default: 5e-4 for local attributes, "
        "1e-6 for young and male; if given, it is for all attributes); the perceptual term weighs "
        "a tenth of it; larger means smaller changes, too large means none",
        group=_OBJECTIVE,
        at_least=0,
    )
    residual: bool = option(
        True,
        "--no-residual: the networks paint the whole image (ablation of section 6.2)",
        group=_OBJECTIVE,
    )
    dual: bool = option(
        True, "--no-dual: no dual learning (ablation of section 6.2)", group=_OBJECTIVE
    )
    ema_decay: float = option(
        0.0,
        "edits are made with averages of the weights over about 1 / (1 - X) steps, 0 to below 1; "
        "0.999 is usual and takes out noise (default 0: none, as in the paper)",
        group="optimisation",
        at_least=0,
        below=1,
    )
    spectral_norm: bool = option(
        False,
        "holds each convolution of the discriminator to a spectral norm of 1 (Miyato et al., 2018)",
        group=_REGULARISERS,
    )
    r1: float = option(
        0.0,
        "weight of the squared gradient of the discriminator at real images (Mescheder et al., "
        "2018), 0 or more (default: 0); a step takes longer",
        group=_REGULARISERS,
        at_least=0,
        metavar="GAMMA",
    )

    def __post_init__(self) -> None:
        check(self)


class ResidualGANFamily(PairFamily):
    """Two transformation networks and a three-class discriminator (Shen and Liu, 2017)."""

    name = "residual_gan"
    title = "Residual images"
    summary = "the paper's"
    options = ResidualGANOptions
    presets: ClassVar = {
        # Table 1 and section 5 at 128x128; batch and length are not given in the paper. On two
        # CPU cores about 3 pairs per second: a GPU is wanted.
        "paper": {"image_size": 128, "width": 64, "batch_size": 64, "steps": 20_000},
        # Half the size and half the width: minutes on two CPU cores. So few steps do not clear the
        # noise that the networks start with unless every attribute, global ones too, is held to
        # small changes as the paper holds local ones.
        "quick": {"image_size": 64, "width": 32, "batch_size": 16, "steps": 600, "alpha": 5e-4},
    }
    alarms = (
        Alarm(
            _RESIDUALS,
            2e-3,
            "the residuals have collapsed to zero, as they do when alpha is too large (section 7 "
            "of the paper); train with a smaller --alpha",
        ),
        DISCRIMINATOR_WINS,
    )

    def terms(self, edits: Sequence[Edit] = ()) -> tuple[Term, ...]:
        """Eq. 3 to 9, D's accuracy, and the size of both residuals."""
        whole, change = (
            "Objective of the transformation networks",
            "Size of the change, before weighting",
        )
        return (
            Term("generator_loss", "whole", whole, "generator", "G", best_by=True),
            Term("gan_loss", "GAN", whole, "generator", "gan", best_by=True, heading="GAN"),
            Term("dual_loss", "dual", whole, "generator", "dual", best_by=True, heading="dual"),
            Term("pixel_loss", "pixel", change, "generator", best_by=True),
            Term("perceptual_loss", "perceptual", change, "generator", best_by=True),
            *discriminator_terms(
                {"negative": "real, without", "positive": "real, with", "generated": "edited"}
            ),
            *(
                Term(
                    name,
                    edit.name,
                    "Mean |residual|",
                    "residual",
                    f"|r{number}|",
                    heading="residual",
                    edit=edit,
                )
                for number, (name, edit) in enumerate(zip(_RESIDUALS, edits, strict=False))
            ),
            Term("r1_penalty", "R1", "", "discriminator"),
        )

    def model_class(self) -> type:
        from faceattr.models.residual_gan.model import ResidualGAN

        return ResidualGAN

    def build(self, task: Task) -> Any:
        """A `ResidualGAN` with the attribute's alpha, unless the options have another."""
        options = dataclasses.asdict(task.options)
        if options["alpha"] is None:
            options["alpha"] = task.attributes[0].alpha
        return self.model_class()(
            image_size=task.image_size,
            width=task.width,
            synchronized=task.synchronized,
            dtype=task.precision,
            **options,
        )

    def network(self, model: Any, edit: Edit) -> Any:
        """G0 or G1, or its average; where it paints the whole image, less the image."""
        from faceattr.models.residual_gan.networks import Painter, in_float32

        network = in_float32(model.editing_network(edit))
        return network if model.residual else Painter(network)


FAMILY = ResidualGANFamily()
