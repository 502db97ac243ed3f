"""The model card: its header, and that what it says is so."""

import argparse
import dataclasses
import json
import math

import pytest

from faceattr.attributes import find_attribute
from faceattr.bundles.manifest import Manifest
from faceattr.exporting import card
from faceattr.faces.crop import DRAWN_CROP
from faceattr.models.registry import DEFAULT, families
from faceattr.runs.presets import preset_config
from faceattr.runs.settings import TrainConfig
from faceattr.training.flags import OF_THE_COMMAND, add_training_flags

REMOVING = find_attribute("glasses", ["Eyeglasses"]).removing
DATA = {
    "source": "synthetic",
    "images": 2400,
    "attributes": [
        {"column": "Young", "positives": 1, "negatives": 2, "test_per_class": 3},
        {"column": "Eyeglasses", "positives": 1150, "negatives": 1250, "test_per_class": 230},
    ],
}
METRICS = {
    "objective": {"gan_loss": 1.25, "mean_change": math.nan},
    "truth": {
        "add_glasses": {"edited_psnr": 1.0, "unedited_psnr": 1.0, "faces": 1},
        "remove_glasses": {"edited_psnr": 27.25, "unedited_psnr": 21.5, "faces": 230},
    },
}
EXACTNESS = {
    "compared_on": {"faces": 64, "source": "synthetic"},
    "tflite": {"largest": 2e-3, "mean": 1e-4, "edit_psnr": 71.25},
}


@pytest.fixture
def manifest():
    settings = TrainConfig.of(attr="glasses", steps=600).settings()
    weights = {"step": 600, "finished": True, "best": False, "seconds": 12_000}
    return Manifest(
        REMOVING, "glasses", 64, DRAWN_CROP, DATA, settings, weights, METRICS, EXACTNESS, {}
    )


def header(text):
    """The fields of the header, each of which is JSON, which is YAML."""
    start, lines, _ = text.split("---\n", 2)
    assert start == ""
    return {
        key: json.loads(value)
        for key, value in (line.split(": ", 1) for line in lines.splitlines())
    }


def test_the_header_is_hugging_faces(manifest):
    fields = header(card.card(manifest, {}))
    assert fields["license"] == "apache-2.0"
    assert fields["pipeline_tag"] == "image-to-image"
    assert "tflite" in fields["tags"]
    ((model,),) = [fields["model-index"]]
    (result,) = model["results"]
    assert (model["name"], result["metrics"][0]["value"]) == ("remove_glasses", 27.25)
    assert {"task", "dataset", "metrics"} <= set(result)


def test_the_card_tells_data_seed_steps_time_metrics_and_limits(manifest):
    text = card.card(manifest, {"remove_glasses.tflite": "LiteRT"})
    for part in (
        "# remove_glasses",
        "| data | faces that faceattr draws, of no person |",
        "| images | 2,400 |",
        "| labels | 1,150 with `Eyeglasses`, 1,250 without |",
        "| steps | 600 of 600, 64 pairs of faces each |",
        "| seed | 0 |",
        "| time | 3 h 20 min by the clock |",
        "| 27.2 dB (unedited: 21.5 dB) |",
        "| float16 .tflite from Keras, 64 faces (synthetic) | 0.002 at most; edits 71 dB |",
        "| `remove_glasses.tflite` | LiteRT |",
        "trained on drawn faces alone",
        "without their consent",
    ):
        assert part in text
    assert "gan_loss" not in text, "a loss tells a reader nothing"
    assert "saved_model" not in text, "the bundle has none"
    assert "Half trained" not in text


def test_the_card_tells_how_good_the_edit_is(manifest):
    words = {
        "faces": "200 (celeba), 2030-05-04",
        "how far": "age 42% of the way",
        "success": "82% classed as the target",
        "told apart": "told from real faces in 83%",
        "change": "0.317 times as much where it is not needed",
        "identity": "97% taken for the same person",
    }
    told = card.card(dataclasses.replace(manifest, metrics={"evaluation": words}), {})
    for said in words.values():
        assert f" | {said} |" in told
    assert "not measured" not in told
    bare = card.card(dataclasses.replace(manifest, metrics={"objective": {"gan_loss": 1.25}}), {})
    assert "| how good it is | not measured; `python evaluate.py --run`" in bare


def test_the_command_of_what_was_added_to_another_run_names_that(manifest):
    settings = TrainConfig.of(attr="Wearing_Hat", model="shared_gan", steps=700).settings()
    added = {**DATA, "added_to": {"run": "runs/best", "columns": ["Eyeglasses"]}}
    text = card.card(dataclasses.replace(manifest, training=settings, data=added), {})
    assert "\npython train.py --add_attr Wearing_Hat --from runs/best --steps 700" in text
    assert "--preset" not in text


def test_the_commands_of_what_was_fine_tuned_are_those_of_every_training(manifest):
    first = TrainConfig.of(attr="Wearing_Hat", model="shared_gan", steps=700, views=2.0)
    last = dataclasses.replace(first, attr="smile,Wearing_Hat", steps=9)
    added_to = {"run": "runs/best", "columns": ["Smiling"]}
    before = {"run": "runs/hat", "training": first.settings(), "seconds": 66}
    for told, added in (({}, False), ({"added_to": added_to}, True)):
        data = {**DATA, "fine_tuned": [{**before, **told}]}
        text = card.card(dataclasses.replace(manifest, training=last.settings(), data=data), {})
        one, other = text.split("```\n")[-2].splitlines()
        assert ("--add_attr Wearing_Hat --from runs/best " in one) == added
        assert ("--attr Wearing_Hat " in one) != added
        assert one.endswith(" --run_dir runs/hat")
        assert other == "python train.py --from runs/hat --attr smile,Wearing_Hat --steps 9"
        assert f"| before | 700 steps of {first.batch_size} pairs, 66 s, in `runs/hat` |" in text


def test_weights_of_faces_of_people_are_for_research(manifest):
    for source, told in (
        ("celeba", "CelebA, photos of celebrities (Liu et al., 2015)"),
        ("csv", "faces of the user's own (`--data csv`)"),
        ("packed", "face crops that were packed in `celeba64` and `lfw64`"),
    ):
        settings = {**manifest.training, "data": source, "data_dir": "../c/celeba64,lfw64"}
        settings["labels"] = "labels.csv" if source == "csv" else None
        people = dataclasses.replace(
            manifest, data={"source": source}, training=settings, metrics={}
        )
        text = card.card(people, {})
        fields = header(text)
        assert (fields["license"], fields["license_name"]) == ("other", "research-use-only")
        assert "model-index" not in fields, "nothing was measured"
        assert "For research, not for commerce" in text
        assert f"| data | {told} |" in text


def test_a_bundle_that_nobody_trained_has_a_card(manifest):
    """Such as those of the tests."""
    bare = dataclasses.replace(manifest, data={}, training={}, weights={}, metrics={}, exactness={})
    assert "# remove_glasses" in card.card(bare, {})


@pytest.mark.parametrize(
    "settings",
    [
        {"attr": "glasses"},
        {"attr": "glasses", "seed": 3, "residual": False, "data": "celeba", "data_dir": "a b"},
        {"attr": "smile,young", "model": "shared_gan", "steps": 2450, "checkpoint_minutes": 5.0},
        {"attr": "young", "data": "csv", "labels": "faces.csv", "r1": 0.1},
        {"attr": "smile,young", "model": "shared_gan", "data": "celeba", "data_dir": "faces"},
    ],
)
@pytest.mark.parametrize("preset", [None, "quick", "paper", "best", "mobile"])
def test_the_command_trains_with_the_same_settings(settings, preset):
    if preset is not None and preset not in families()[settings.get("model", DEFAULT)].presets:
        return
    config = preset_config(preset, settings)
    python, script, *flags = card.training_command(config.settings())
    assert (python, script) == ("python", "train.py")
    parser = argparse.ArgumentParser()
    add_training_flags(parser)
    given = {
        name: value for name, value in vars(parser.parse_args(flags)).items() if value is not None
    }
    chosen = {name: value for name, value in given.items() if name not in OF_THE_COMMAND}
    assert preset_config(chosen.pop("preset", None), chosen) == config
