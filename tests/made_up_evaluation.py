"""An evaluation with every part of metrics.json, of made-up numbers and noise for faces."""

from collections.abc import Callable
from typing import Any

import numpy as np

from faceattr.evaluation.evaluation import Evaluation
from faceattr.evaluation.measures.intervals import Estimate
from faceattr.evaluation.measures.realism import Distances, Realism
from faceattr.evaluation.metrics import from_json
from faceattr.evaluation.pictures import EditPictures

SMALL_EDITS = (("glasses", "Eyeglasses", ("add_glasses", "remove_glasses")),)
DIRECTIONS = ("to_positive", "to_negative")


def an_estimate(value, width=0.06, count=81) -> Estimate:
    return Estimate(value, value - width, value + width, count)


def estimate(value, width=0.06, count=81) -> dict[str, Any]:
    return vars(an_estimate(value, width, count))


def realism(frechet=2.4):
    return {
        "frechet": frechet,
        "frechet_reference": None if frechet is None else 1.2,
        "kernel": 0.034,
        "kernel_reference": 0.0004,
        "kernel_reference_spread": 0.002,
        "count": 40,
        "note": "" if frechet else "the Frechet distance of 128 features needs 129 images",
    }


def a_realism(edited=2.4, unedited=3.1) -> Realism:
    return Realism(Distances(**realism(edited)), Distances(**realism(unedited)))


def edit_metrics(
    column: str, direction: str, columns: list[str], random: np.random.Generator
) -> dict[str, Any]:
    success = float(random.uniform(0.55, 0.92))
    landmarks = {"eyes": estimate(0.09, 0.01), "rest": estimate(0.06, 0.01)}
    return {
        "attribute": "an attribute",
        "column": column,
        "direction": direction,
        "faces": 81,
        "needless_faces": 79,
        "success": {
            "edited": estimate(success),
            "before": estimate(0.04, 0.02),
            "probability_before": 0.06,
            "probability_after": success - 0.04,
        },
        "strength_response": [
            {
                "strength": strength,
                "success": estimate(success * (1 - np.exp(-3 * strength)) + 0.04, 0.05),
                "probability": success * (1 - np.exp(-2.5 * strength)) + 0.05,
            }
            for strength in (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
        ],
        "success_by_noop": {"lacking": estimate(success), "already": estimate(0.96, 0.03, 79)},
        "no_op": {
            "needed": estimate(0.041, 0.004),
            "needless": estimate(0.013, 0.003, 79),
            "ratio": 0.317,
        },
        "sharpness": {
            "edited": estimate(96.0, 4.0),
            "unedited": estimate(101.0, 4.0),
            "real": estimate(102.0, 4.0, 79),
            "ratio": 0.941,
        },
        "leakage": {
            "columns": columns,
            "changes": list(random.normal(0, 0.08, len(columns))),
            "errors": [0.012] * len(columns),
            "correlations": list(random.normal(0, 0.25, len(columns))),
            "follows_data": 0.31,
        },
        "identity": {
            "median": 0.31,
            "mean": estimate(0.33, 0.02),
            "kept": estimate(0.972, 0.02),
            "not_found_before": 1,
            "not_found_after": 4,
            "distances": list(random.gamma(9, 0.036, 81)),
        },
        "locality": {
            "mean_change": estimate(0.041, 0.004),
            "changed_share": estimate(0.12, 0.02),
            "energy_inside": estimate(0.83, 0.03),
            "mean_change_inside": estimate(0.11, 0.01),
            "mean_change_outside": estimate(0.017, 0.002),
            "psnr_outside": estimate(31.7, 0.6),
            "ssim_outside": estimate(0.971, 0.004),
            "region": "landmark box",
        },
        "how_far": {
            "judges": [
                {
                    "judge": "age",
                    "unit": "years",
                    "share": estimate(0.42, 0.1),
                    "unedited": estimate(45.2, 2.0),
                    "edited": estimate(37.7, 2.0),
                    "real": estimate(27.2, 2.0, 79),
                    "moved": estimate(-7.5, 1.0),
                    "area": estimate(0.89, 0.04),
                    "not_seen": 3,
                }
            ]
        },
        "told_apart": {
            "edited": estimate(0.834, 0.05, 160),
            "unedited": estimate(0.741, 0.06, 160),
            "real": estimate(0.512, 0.08, 158),
        },
        "realism": realism(),
        "realism_before": realism(3.1),
        "realism_inception": None,
        "realism_inception_before": None,
        "truth": None,
        "landmarks": {"truth": "CelebA's file", "before": landmarks, "after": landmarks},
        "pose": [
            {"low": low, "high": high, "success": estimate(value, 0.08, count)}
            for low, high, value, count in (
                (0.0, 10.0, 0.86, 40),
                (10.0, 20.0, 0.8, 25),
                (20.0, 30.0, 0.6, 12),
                (30.0, 90.0, 0.5, 4),
            )
        ],
        "cycle": {
            "l1": estimate(0.031, 0.003),
            "psnr": estimate(29.3, 0.5),
            "there": estimate(0.041, 0.004),
        },
    }


def made_up_pictures(
    images: np.ndarray, needless: np.ndarray, residual: np.ndarray, seed: int = 0
) -> EditPictures:
    random = np.random.default_rng(seed)
    added = [
        np.clip(part.astype(np.float64) + 127.5 * residual[: len(part)] * scale, 0, 255)
        for part, scale in ((images, 1.0), (needless, 0.3))
    ]
    after = random.uniform(size=len(images))
    return EditPictures(
        images=images,
        edited=added[0].astype(np.uint8),
        residual=residual.astype(np.float32),
        needless_images=needless,
        needless_edited=added[1].astype(np.uint8),
        truth=None,
        random=random.permutation(len(images))[:12],
        worst=np.argsort(after)[:6],
    )


def noise_pictures(side: int = 32, count: int = 14) -> EditPictures:
    random = np.random.default_rng(0)
    images, needless = random.integers(0, 256, (2, count, side, side, 3), np.uint8)
    return made_up_pictures(images, needless, random.normal(0, 0.1, (count, side, side, 3)))


def made_up_evaluation(
    edits=SMALL_EDITS,
    columns=("Eyeglasses", "Male", "Smiling", "Wearing_Lipstick", "Young"),
    pictures=None,
    source: str = "celeba",
    change: Callable[[dict[str, Any]], Any] | None = None,
) -> Evaluation:
    """What `evaluate` returns.

    Args:
        edits: (subject, column, (name of the edit to positive, to negative)).
        columns: that the judge knows.
        pictures: (subject, edit) to its `EditPictures`; noise where it is None.
        source: of the faces.
        change: what is done to metrics.json before it is read.
    """
    random = np.random.default_rng(0)
    columns = list(columns)
    score = {
        "positives": 61,
        "negatives": 1149,
        "accuracy": 0.985,
        "balanced_accuracy": 0.94,
        "recall_positive": 0.894,
        "recall_negative": 0.991,
        "calibration_error": 0.021,
    }
    bins = [
        {
            "low": place / 10,
            "high": (place + 1) / 10,
            "count": 10 + 90 * (place in (0, 9)),
            "mean_probability": place / 10 + 0.05,
            "share_positive": min(1.0, place / 10 + 0.08),
        }
        for place in range(10)
    ]
    subjects = [
        {
            "name": name,
            "method": "residual_gan",
            "settings": {"attr": name, "image_size": 64, "steps": 4000},
            "source": source,
            "notes": [],
            "edits": {
                edit: edit_metrics(column, direction, columns, random)
                for direction, edit in zip(DIRECTIONS, names, strict=True)
            },
        }
        for name, column, names in edits
    ]
    metrics = {
        "format": 2,
        "seed": 7,
        "created": "2030-05-04T13:02:01Z",
        "machine": {
            "cores": 2,
            "processor": "some processor",
            "tensorflow": "2.21.0",
            "keras": "3.15.1",
            "faceattr": "0.1.0",
        },
        "seconds": 1234.5,
        "sources": [{"name": source, "images": 8070, "held_out": 1210}],
        "classifier": {
            "columns": columns,
            "settings": {"image_size": 64, "epochs": 8},
            "scores": {source: {column: dict(score) for column in columns}},
            "reliability": {source: {column: bins for _, column, _ in edits}},
        },
        "identity_reference": {
            "same": {
                "distances": list(random.normal(0.45, 0.09, 200)),
                "share": estimate(0.95, 0.03, 200),
            },
            "different": {
                "distances": list(random.normal(0.82, 0.08, 200)),
                "share": estimate(0.99, 0.01, 200),
            },
            "threshold": 0.6,
            "source": source,
        },
        "correlations": {"columns": columns, "matrix": np.eye(len(columns)).tolist()},
        "skipped": [],
        "subjects": subjects,
    }
    if change is not None:
        change(metrics)
    typed = from_json(metrics)
    shown = {
        (subject.name, found.edit): (pictures or {}).get((subject.name, found.edit.name))
        or noise_pictures()
        for subject in typed.subjects
        for found in subject.edits
    }
    return Evaluation(typed, shown)
