"""The terms of the shared model, as they are named and drawn."""

import re
from collections.abc import Sequence

from faceattr.edits import Edit
from faceattr.models.family import Term
from faceattr.models.pair_family import discriminator_terms


def change_term(number: int, edit: Edit) -> str:
    """What the mean |residual| of an edit is called: a column may have any name, a term may not."""
    return re.sub(r"\W", "_", f"change_{number}_{edit.name}", flags=re.ASCII)


def terms_of(edits: Sequence[Edit] = ()) -> tuple[Term, ...]:
    """Those of either player, D's accuracy, and the mean |residual| of each edit."""
    whole, change = "Objective of the transformation network", "Mean |residual|"
    return (
        Term("generator_loss", "whole", whole, "generator", "G", best_by=True),
        Term("gan_loss", "GAN", whole, "generator", "gan", best_by=True, heading="GAN"),
        Term("patch_loss", "patches", whole, "generator", best_by=True, heading="patches"),
        Term(
            "cycle_loss",
            "brought back",
            "Mean |brought back - image|",
            "generator",
            best_by=True,
            heading="cycle",
        ),
        Term("sparsity_loss", "sparsity", whole, "generator", best_by=True),
        Term("variation_loss", "variation", whole, "generator", best_by=True),
        Term("views_loss", "views", whole, "generator", best_by=True),
        Term("leak_loss", "leak", whole, "generator", best_by=True),
        Term("pairs_loss", "painted pairs", whole, "generator", best_by=True),
        Term("gate_loss", "gate", "Gate: surprise", "gate"),
        Term("gate_accuracy", "gate", "Gate: right", "gate", "gate", percent=True),
        *discriminator_terms({"real": "real", "generated": "edited"}),
        Term("r1_penalty", "R1", "", "discriminator"),
        Term("mean_change", "all", change, "residual", "|r|", heading="residual"),
        *(
            Term(change_term(number, edit), edit.name, change, "residual", edit=edit)
            for number, edit in enumerate(edits)
        ),
    )
