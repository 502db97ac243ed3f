"""The model card of a bundle: README.md, with the header that Hugging Face reads."""

import json
import math
import pathlib
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from faceattr.bundles.manifest import Manifest
from faceattr.data.joining import packed_folders
from faceattr.models.family import Family
from faceattr.options import Option, options_of
from faceattr.pictures.words import duration, listed
from faceattr.runs.presets import preset_config, with_preset
from faceattr.runs.settings import TrainConfig

CARD_NAME = "README.md"

# What the card says of where faces come from, by the source of the data.
_SOURCES = {
    "synthetic": "faces that faceattr draws, of no person",
    "celeba": "CelebA, photos of celebrities (Liu et al., 2015)",
    "lfw": "LFW-deepfunneled, photos of the news (Huang et al., 2007)",
    "tfds": "a data set of TensorFlow Datasets",
}
_NOBODY = "synthetic"
_FREE, _RESEARCH = "apache-2.0", "research-use-only"

# What was measured, for somebody who has not read docs/evaluation.md.
_MEASURED = {
    "faces": "held-out faces that were edited",
    "how far": "how far towards real faces of the target, by models that others made",
    "success": "what our own judge of attributes says",
    "told apart": "whether edited faces are known for such (50% is guessing)",
    "change": "change of faces that are as the edit wants them, to that of the others",
    "sharpness": "whether edited faces have as much detail as real ones",
    "identity": "whether it is the same person, for a network that knows people",
}


def write_card(bundle: pathlib.Path, manifest: Manifest) -> None:
    """Writes `README.md` for the files that the bundle has; the manifest is written after it."""
    (bundle / CARD_NAME).write_text(card(manifest, _forms(bundle, manifest)), encoding="utf-8")


def card(manifest: Manifest, forms: Mapping[str, str]) -> str:
    """The text of the card.

    Args:
        manifest: of the bundle.
        forms: what the bundle holds: path -> a sentence about it.
    """
    name, size = manifest.edit.name, manifest.image_size
    what = name.replace("_", " ")
    parts = [
        _header(manifest),
        f"# {name}\n\nA network that looks at a {size}x{size} face crop and returns what has to be "
        f"added to it to {what}: a residual image (Shen and Liu, *Learning residual images for "
        "face attribute manipulation*, CVPR 2017). `edited = clip(x + strength * r)`, where "
        "strength 1 is the trained edit and 0 none. Because it returns only a difference, a photo "
        "of any size keeps its own detail.",
        _warning(manifest),
        f"## How to use it\n\n```\npython edit.py portrait.jpg --edit {name} --strength 0.8 "
        f'-o edited.jpg\n```\n\n```python\nimport faceattr\n\neditor = faceattr.Editor.load("{name}'
        '")\nedited = editor.edit(photo, strength=0.8)\n```\n\nPixels are RGB in [-1, 1]; '
        "`manifest.json` says where a face lies in the crop, and has the SHA-256 of every file.\n\n"
        + _table(("file", "what"), [(f"`{path}`", said) for path, said in forms.items()]),
        "## Training\n\n" + _table(("", ""), _training(manifest)) + "\n\n" + _command(manifest),
        "## Measured\n\n" + _measured(manifest),
        "## Limits\n\n" + _limits(manifest),
        "## Licence and people\n\n" + _licence(manifest),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _forms(bundle: pathlib.Path, manifest: Manifest) -> dict[str, str]:
    said = {
        manifest.tflite_name: f"LiteRT, {manifest.quantize}, built-in operations only, batch 1: "
        "`image` to `residual`",
        "saved_model/": "TensorFlow's SavedModel: float images or encoded ones in, edited ones out",
    }
    return {path: what for path, what in said.items() if (bundle / path).exists()}


def _header(manifest: Manifest) -> str:
    drawn = manifest.data.get("source") == _NOBODY
    fields: dict[str, Any] = {"license": _FREE if drawn else "other"}
    if not drawn:
        fields["license_name"] = _RESEARCH
    fields |= {
        "library_name": "litert",
        "pipeline_tag": "image-to-image",
        "tags": ["face-editing", "face-attributes", "residual-images", "tflite", "faceattr"],
    }
    truth = _truth(manifest)
    if math.isfinite(truth.get("edited_psnr", math.nan)):
        fields["metrics"] = ["psnr"]
        metric = {"type": "psnr", "name": "PSNR of the edit (dB)", "value": truth["edited_psnr"]}
        result = {
            "task": {"type": "image-to-image"},
            "dataset": {"name": "held-out drawn faces of known truth", "type": "synthetic"},
            "metrics": [metric],
        }
        fields["model-index"] = [{"name": manifest.edit.name, "results": [result]}]
    # JSON is YAML.
    lines = [f"{key}: {json.dumps(value)}" for key, value in fields.items()]
    return "\n".join(["---", *lines, "---"])


def _warning(manifest: Manifest) -> str:
    if manifest.weights.get("finished", True):
        return ""
    step, steps = manifest.weights["step"], manifest.training["steps"]
    return f"**Half trained**: these are the weights of step {step} of {steps}, for a trial."


def _training(manifest: Manifest) -> list[tuple[str, str]]:
    settings, weights, data = manifest.training, manifest.weights, manifest.data
    source = data.get("source", "unknown")
    rows = [("data", _source(source, settings))]
    if "images" in data:
        rows.append(("images", f"{data['images']:,}"))
    for each in data.get("attributes", [data]):
        if each.get("column") != manifest.edit.column:
            continue
        with_it, without = each.get("positives"), each.get("negatives")
        rows.append(("labels", f"{with_it:,} with `{manifest.edit.column}`, {without:,} without"))
        rows.append(("held out", f"{each['test_per_class']:,} of either class, never trained on"))
    if "step" in weights:
        best = ", kept as the best so far" if weights.get("best") else ""
        batch = settings["batch_size"]
        steps = f"{weights['step']:,} of {settings['steps']:,}, {batch} pairs of faces each{best}"
        rows.append(("steps", steps))
        rows.append(("seed", str(settings["seed"])))
    if weights.get("seconds"):
        rows.append(("time", f"{duration(weights['seconds'])} by the clock"))
    for each in data.get("fine_tuned", []):
        rows.append(
            (
                "before",
                f"{each['training']['steps']:,} steps of {each['training']['batch_size']} pairs, "
                f"{duration(each['seconds'])}, in `{each['run']}`",
            )
        )
    packages = ("tensorflow", "keras", "numpy")
    versions = [
        f"{name} {manifest.versions[name]}" for name in packages if name in manifest.versions
    ]
    if versions:
        rows.append(("exported with", ", ".join(versions)))
    return rows


def _source(source: str, settings: Mapping[str, Any]) -> str:
    if source == "packed" and settings.get("data_dir"):
        folders = [f"`{folder.name}`" for folder in packed_folders(settings["data_dir"])]
        return f"face crops that were packed in {listed(folders)}"
    return _SOURCES.get(source, f"faces of the user's own (`--data {source}`)")


def _command(manifest: Manifest) -> str:
    if not manifest.training:
        return ""
    earlier = manifest.data.get("fine_tuned", [])
    first, *others = (*(each["training"] for each in earlier), manifest.training)
    added_to = (earlier[0] if earlier else manifest.data).get("added_to", {})
    commands = [training_command(first, added_to.get("run"))]
    for before, settings in zip(earlier, others, strict=True):
        commands[-1] += ["--run_dir", before["run"]]  # where the next one looks for it
        commands.append(fine_tuning_command(settings, before["training"], before["run"]))
    return "\n".join(["```", *map(shlex.join, commands), "```"])


def fine_tuning_command(
    settings: Mapping[str, Any], before: Mapping[str, Any], base: str
) -> list[str]:
    """The command line that goes on with the networks of a finished run.

    Args:
        settings: all of the training, see `TrainConfig.settings`.
        before: those of the run.
        base: the run's folder.
    """
    options = {**options_of(TrainConfig), **options_of(TrainConfig.of(**settings).family.options)}
    flags = ["--from", base]
    for name, value in settings.items():
        if value != before.get(name):
            flags += _flag(options[name], value)
    return ["python", "train.py", *flags]


def training_command(settings: Mapping[str, Any], base: str | None = None) -> list[str]:
    """The command line that trains with these settings, by the preset that leaves least to say.

    Args:
        settings: all of them, see `TrainConfig.settings`.
        base: the folder of the run whose networks the attributes were added to; None for none.
    """
    family = TrainConfig.of(**settings).family
    options = {**options_of(TrainConfig), **options_of(family.options)}
    named = {name: settings[name] for name in ("attr", "data", "model")}
    # Where `data` needs them, `of` asks for them.
    named |= {name: settings[name] for name in ("data_dir", "labels") if settings.get(name)}
    commands = []
    for preset in (None, *family.presets):
        preset_ = preset_config(preset, named).settings()
        different = {name: settings[name] for name in preset_ if settings[name] != preset_[name]}
        said = {name: value for name, value in named.items() if value != options[name].default}
        if None in different.values():  # no flag says that
            continue
        flags = [] if preset is None else ["--preset", preset]
        unsaid = {"model"} if preset is not None and _names_model(preset, family) else set()
        if base is not None:  # which has the networks
            flags = ["--add_attr", settings["attr"], "--from", base]
            said |= {"steps": settings["steps"]}
            unsaid = {"attr", "model"}
        for name, value in {**said, **different}.items():
            if name not in unsaid:
                flags += _flag(options[name], value)
        commands.append(["python", "train.py", *flags])
    return min(commands, key=len, default=["python", "train.py", "--config", "config.json"])


def _names_model(preset: str, family: Family) -> bool:
    """Whether a preset alone says which model is trained."""
    return with_preset(preset, {})["model"] == family.name


def _flag(option: Option, value: Any) -> list[str]:
    if option.kind is bool:
        return [f"--{option.name}" if value else f"--no-{option.name}"]
    return [f"--{option.name}", str(value)]


def _truth(manifest: Manifest) -> Mapping[str, Any]:
    return manifest.metrics.get("truth", {}).get(manifest.edit.name, {})


def _measured(manifest: Manifest) -> str:
    words = manifest.metrics.get("evaluation", {})
    rows = [(_MEASURED[name], said) for name, said in words.items()]
    if truth := _truth(manifest):
        edited, unedited = (truth[f"{key}_psnr"] for key in ("edited", "unedited"))
        of = f"of {truth['faces']:,} held-out drawn faces, whose edited faces are known"
        rows.append((f"mean PSNR {of}", f"{edited:.1f} dB (unedited: {unedited:.1f} dB)"))
    if not rows:
        told = "not measured; `python evaluate.py --run` with the folder of this bundle does it"
        rows.append(("how good it is", told))
    forms = {"saved_model": "SavedModel", "tflite": f"{manifest.quantize} .tflite"}
    for form, name in forms.items():
        if exact := manifest.exactness.get(form):
            on = manifest.exactness["compared_on"]
            value = f"{exact['largest']:.1g} at most; edits {exact['edit_psnr']:.0f} dB"
            rows.append((f"{name} from Keras, {on['faces']} faces ({on['source']})", value))
    return _table(("what", "value"), rows)


def _limits(manifest: Manifest) -> str:
    size = manifest.image_size
    limits = [
        f"A face is seen at {size}x{size}: what changes is no sharper than that.",
        "Faces that are turned far, covered or unlike those it was trained on are edited worse; "
        "skin, age and light that the data have few of are among them.",
        "It learned from labels that people gave pictures at a glance. They say how a face looked "
        "to them, nothing about the person, and an edit changes what goes along with a label in "
        "the data as well.",
        "It is no judge of faces: what it finds needed says nothing about anybody.",
    ]
    if manifest.data.get("source") == _NOBODY:
        limits.insert(0, "It was trained on drawn faces alone, and is not for photos of people.")
    return "\n".join(f"- {limit}" for limit in limits)


def _licence(manifest: Manifest) -> str:
    if manifest.data.get("source") == _NOBODY:
        terms = "The program and these weights, which were trained on drawn faces, are Apache-2.0."
    else:
        terms = (
            "For research, not for commerce: the program is under Apache-2.0, but weights follow "
            "the terms of the faces they were trained on. CelebA and LFW are for non-commercial "
            "research; of other faces the terms are their owners'."
        )
    return (
        f"{terms}\n\nEdit nobody's face without their consent, and say that an edited picture is \
edited."
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
