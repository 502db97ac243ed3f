"""results.md: the claims and every experiment on one page, with what it takes to repeat them."""

import datetime
import pathlib
from collections.abc import Sequence

from faceattr.evaluation.measures.intervals import CONFIDENCE
from faceattr.evaluation.this_machine import this_machine
from faceattr.files import write_text
from faceattr.pictures.words import fixed
from faceattr.reproduction.comparisons import Claim
from faceattr.reproduction.data import TRAINING
from faceattr.reproduction.laboratory import Laboratory
from faceattr.reproduction.measures import judge_table
from faceattr.reproduction.result import interval, read_claims, result_path, table

# With fewer steps the networks have hardly begun.
_FEWEST_STEPS = 500

_TOO_SHORT = (
    "**So short a training shows that everything runs, and nothing about the paper: take no "
    "verdict below for one.**"
)

_SIX_COLUMNS = (
    "Eyeglasses",
    "Mouth_Slightly_Open",
    "Smiling",
    "No_Beard",
    "Young",
    "Male",
)


def write_results(laboratory: Laboratory, experiments: Sequence[str], command: str) -> pathlib.Path:
    """Writes `results.md` from what the finished experiments left.

    Args:
        laboratory: of the experiments.
        experiments: names, in the order of the paper; those that are not finished are passed over.
        command: what a person types to get this page.

    Returns:
        the file.
    """
    folder = laboratory.folder
    finished = [name for name in experiments if result_path(folder, name).is_file()]
    claims = [claim for name in finished for claim in read_claims(folder, name)]
    parts = [
        "# The paper's experiments, made anew",
        _setting(laboratory, command),
        *([_TOO_SHORT] if laboratory.settings.steps < _FEWEST_STEPS else []),
        "## The claims",
        f"A claim is held if the whole {CONFIDENCE:.0%} interval of each of its differences lies "
        "on its side, not held if one lies wholly on the other, and undecided otherwise.",
        claims_table(claims),
        comparisons_table(claims),
        "## The judge",
        "Success is what an attribute classifier says, which learned from the same training "
        "persons as the networks, and from no one who is held out. On held-out faces:",
        judge_table(laboratory.judge, _SIX_COLUMNS),
    ]
    parts += [(folder / name / f"{name}.md").read_text(encoding="utf-8") for name in finished]
    path = folder / "results.md"
    write_text(path, "\n\n".join(part.strip() for part in parts) + "\n")
    return path


def _setting(laboratory: Laboratory, command: str) -> str:
    settings = laboratory.settings
    on = this_machine()
    table_ = laboratory.table("own")
    assert table_.partition is not None, "prepare() says who is held out"
    held_out = int((table_.partition != TRAINING).sum())
    alpha = "the paper's" if settings.alpha is None else f"{settings.alpha:g}"
    extras = "spectral norm, " if settings.spectral_norm else ""
    extras += f"averaged weights ({settings.ema_decay:g}), " if settings.ema_decay else ""
    return (
        f"```\n{command}\n```\n\n"
        f"{len(table_):,} images of {settings.data}, {held_out:,} of them "
        f"held out by person; {settings.image_size}x{settings.image_size}, width {settings.width}, "
        f"batch {settings.batch_size}, {settings.steps:,} steps of every training (ours, the "
        f"ablations and the baseline alike), alpha {alpha}, {extras}{settings.precision}, seed "
        f"{settings.seed}. {on['processor']}, {on['cores']} cores, TensorFlow {on['tensorflow']}, "
        f"Keras {on['keras']}; {datetime.date.today().isoformat()}."
    )


def claims_table(claims: Sequence[Claim]) -> str:
    """The claims and their verdicts, as Markdown."""
    rows = [[claim.text, claim.where, f"**{claim.verdict}**"] for claim in claims]
    notes = [f"- *{claim.text}* {claim.note}" for claim in claims if claim.note]
    return table(("claim", "where", "verdict"), rows, left=3) + "\n" + "\n".join(notes)


def comparisons_table(claims: Sequence[Claim]) -> str:
    """Every measure behind the claims, as Markdown."""
    rows = []
    for claim in claims:
        for each in claim.comparisons:
            rows.append(
                [
                    f"{claim.where}: {each.what}",
                    f"{each.first} {fixed(each.first_mean, 3)}",
                    f"{each.second} {fixed(each.second_mean, 3)}",
                    interval(each.difference, 3),
                    str(each.difference.count),
                    each.verdict,
                ]
            )
    return table(
        ("measure", "first", "second", f"difference ({CONFIDENCE:.0%})", "faces", "verdict"), rows
    )
