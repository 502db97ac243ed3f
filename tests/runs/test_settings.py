import hypothesis
import pytest
from hypothesis import strategies as st

from faceattr.errors import UserError
from faceattr.models.family import IMAGE_SIZES
from faceattr.models.registry import families
from faceattr.options import options_of
from faceattr.runs.presets import preset_config, presets_help
from faceattr.runs.settings import TrainConfig, all_options, best_terms
from faceattr.runs.settings_file import check_settings, read_object

FIELDS = all_options()
PRESETS = families()["residual_gan"].presets


def test_the_paper_preset_adds_nothing():
    config = preset_config("paper", {"attr": "glasses"})
    assert (config.image_size, config.width) == (128, 64)
    assert config.options.alpha is None, "the paper's weight, by scope"
    assert config.options.residual
    assert config.options.dual


def test_the_preset_follows_the_data():
    assert preset_config(None, {"attr": "young"}).image_size == PRESETS["quick"]["image_size"]
    real = preset_config(None, {"attr": "young", "data": "celeba", "data_dir": "x"})
    assert real.image_size == PRESETS["paper"]["image_size"]


def test_settings_win_over_the_preset():
    assert preset_config("paper", {"attr": "young", "image_size": 32}).image_size == 32


@pytest.mark.parametrize(
    ("settings", "flag"),
    [
        ({"image_size": 48}, "--image_size 48: choose a power of two from 32 to 256"),
        ({"image_size": 512}, "--image_size 512"),
        ({"width": 0}, "--width 0: must be a number of at least 1"),
        ({"batch_size": 0}, "--batch_size 0"),
        ({"steps": -5}, "--steps -5"),
        ({"test_per_class": 0}, "--test_per_class 0"),
        ({"alpha": -1.0}, "--alpha -1.0"),
        ({"alpha": float("nan")}, "--alpha nan"),
        ({"alpha": float("inf")}, "--alpha inf"),
        ({"jitter": 1.5}, "--jitter 1.5: must be from 0 to 1"),
        ({"cache": "disk"}, "--cache disk: choose one of auto, memory, none"),
        ({"seed": -1}, "--seed -1"),
        ({"checkpoint_every": 0}, "--checkpoint_every 0"),
        (
            {"data": "imagenet"},
            "--data imagenet: choose one of synthetic, celeba, lfw, tfds, csv, folders",
        ),
        ({"data": "celeba"}, "--data celeba needs --data_dir"),
        ({"data": "folders"}, "--data folders needs --data_dir"),
        ({"data": "csv", "data_dir": "x"}, "--data csv needs --labels"),
        ({"data_dir": "x"}, "name their --data"),
        ({"labels": "x.csv"}, "--labels is for --data csv, not for --data synthetic"),
        (
            {"data": "celeba", "data_dir": "x", "image_column": "file"},
            "--image_column is for --data csv, not for --data celeba",
        ),
        (
            {"data": "celeba", "data_dir": "x", "min_confidence": 0.9},
            "--min_confidence is for --data lfw or csv, not for --data celeba",
        ),
        ({"label_overrides": "x.csv"}, "--label_overrides is for --data celeba or lfw"),
        ({"crop": "lfw"}, "--crop is for --data celeba"),
        (
            {"data": "csv", "labels": "x.csv", "crop": "tight"},
            "--crop tight: choose one of none, celeba, lfw",
        ),
        (
            {"data": "csv", "labels": "x.csv", "min_confidence": 1.0},
            "--min_confidence 1.0: choose from 0.5 to below 1",
        ),
        (
            {"data": "csv", "labels": "x.csv", "min_confidence": 0.4},
            "--min_confidence 0.4: choose from 0.5",
        ),
        (
            {"data": "lfw", "data_dir": "x", "min_confidence": -1.0},
            "--min_confidence -1.0: must be a number of at least 0",
        ),
        ({"split": "half"}, "--split half: choose one of random, official, person"),
        ({"on_bad_image": "mend"}, "--on_bad_image mend: choose one of error, skip"),
        (
            {"precision": "half"},
            "--precision half: choose one of float32, mixed_bfloat16, mixed_float16",
        ),
        ({"xla": "yes"}, "--xla yes: choose one of auto, on, off"),
        ({"batchnorm": "none"}, "--batchnorm none: choose one of per_replica, synchronized"),
        ({"learning_rate": 0.0}, "--learning_rate 0.0: must be a number above 0"),
        ({"learning_rate": float("inf")}, "--learning_rate inf: must be a number above 0"),
        (
            {"learning_rate_decay": "step"},
            "--learning_rate_decay step: choose one of constant, linear, late, cosine",
        ),
        ({"clip_norm": 0}, "--clip_norm 0: must be a number above 0"),
        ({"ema_decay": 1.0}, "--ema_decay 1.0: must be from 0 to below 1"),
        ({"ema_decay": -0.1}, "--ema_decay -0.1: must be from 0 to below 1"),
        ({"r1": -1.0}, "--r1 -1.0: must be a number of at least 0"),
        ({"checkpoint_minutes": -1.0}, "--checkpoint_minutes -1.0: must be a number of at least 0"),
        ({"keep_checkpoints": 0}, "--keep_checkpoints 0: must be a number of at least 1"),
        (
            {"best_by": "residual_to_positive"},
            "--best_by residual_to_positive: --model residual_gan has no such term; choose one of "
            "generator_loss, gan_loss, dual_loss, "
            "pixel_loss, perceptual_loss, discriminator_loss",
        ),
        ({"steps": "many"}, "--steps many: must be a whole number"),
        ({"steps": True}, "--steps True: must be a whole number"),
        ({"steps": 600.0}, "--steps 600.0: must be a whole number"),
        ({"test_per_class": 1.5}, "--test_per_class 1.5: must be a whole number or null"),
        ({"alpha": True}, "--alpha True: must be a number or null"),
        ({"jitter": "0.5"}, "--jitter 0.5: must be a number"),
        ({"dual": 0}, "--dual 0: must be true or false"),
        ({"spectral_norm": None}, "--spectral_norm None: must be true or false"),
        ({"attr": None}, "--attr None: must be text"),
        ({"data": "csv", "labels": 3}, "--labels 3: must be text or null"),
    ],
)
def test_settings_out_of_range_are_named(settings, flag):
    with pytest.raises(UserError) as caught:
        preset_config(None, {"attr": "young", **settings})
    assert flag in caught.value.for_command_line


def test_an_unknown_preset_lists_the_known():
    with pytest.raises(UserError, match="preset fast: choose one of paper, quick"):
        preset_config("fast", {"attr": "young"})


def values(name):
    """Values that a setting may have, by itself."""
    declared = FIELDS[name]
    of = {
        bool: st.booleans(),
        int: st.sampled_from(IMAGE_SIZES) if name == "image_size" else st.integers(4),
        float: st.floats(0, 0.99, exclude_min=True) | st.integers(1, 9),
        str: st.sampled_from(declared.choices) if declared.choices else st.text(),
    }
    if name in ("jitter", "ema_decay"):
        of[float] = st.floats(0, 0.99)
    found = of[declared.kind]
    return found | st.none() if declared.optional else found


@st.composite
def configs(draw):
    settings = {name: draw(values(name)) for name in FIELDS}
    # What goes together with the source of the data.
    source = settings["data"]
    if source not in ("synthetic", "csv"):
        settings["data_dir"] = draw(st.text())
    if source == "csv":
        settings["labels"] = draw(st.text())
        settings["min_confidence"] = draw(st.none() | st.floats(0.5, 0.99))
    else:
        settings.update(labels=None, image_column=None)
    if source not in ("csv", "lfw"):
        settings["min_confidence"] = None
    if source in ("synthetic", "packed"):
        settings["crop"] = None
    if source == "synthetic":
        settings.update(data_dir=None, label_overrides=None)
    # What goes together with the model.
    settings["model"] = draw(st.sampled_from(tuple(families())))
    family = families()[settings["model"]]
    settings["best_by"] = draw(st.none() | st.sampled_from(best_terms(family)))
    settings["precision"] = draw(st.sampled_from(family.precisions))
    for name in FIELDS.keys() - options_of(TrainConfig).keys() - options_of(family.options).keys():
        del settings[name]
    return TrainConfig.of(**settings)


@hypothesis.given(configs())
@hypothesis.settings(max_examples=50)
def test_settings_survive_the_file(tmp_path_factory, config):
    path = tmp_path_factory.getbasetemp() / "config.json"
    path.write_text(config.to_json(), encoding="utf-8")
    assert TrainConfig.read(path) == config


def test_settings_of_real_data_survive_the_file(tmp_path):
    config = TrainConfig.of(
        attr="hat, red",
        data="csv",
        labels="faces.csv",
        min_confidence=0.9,
        crop="celeba",
        split="person",
        on_bad_image="skip",
        alpha=0.5,
        dual=False,
        learning_rate_decay="cosine",
        clip_norm=1.0,
        best_by="dual_loss",
    )
    path = tmp_path / "config.json"
    path.write_text(config.to_json())
    assert TrainConfig.read(path) == config


def test_a_file_of_before_a_setting_was_there_has_its_default(tmp_path):
    path = tmp_path / "config.json"
    path.write_text('{"attr": "young", "data": "synthetic", "data_dir": null, "image_size": 64}')
    assert TrainConfig.read(path) == TrainConfig.of(attr="young", image_size=64)


def test_the_defaults_are_the_papers():
    """Section 5; and nothing that the paper does not have."""
    config = TrainConfig.of(attr="young")
    assert (config.learning_rate, config.learning_rate_decay) == (2e-4, "constant")
    assert (config.options.alpha, config.clip_norm, config.best_by) == (None, None, None)
    assert (config.options.ema_decay, config.options.r1, config.options.spectral_norm) == (
        0.0,
        0.0,
        False,
    )
    assert (config.precision, config.batchnorm) == ("float32", "per_replica")


def test_images_of_a_csv_may_lie_beside_it():
    assert TrainConfig.of(attr="smile", data="csv", labels="faces.csv").data_dir is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: not JSON"),
        ('{\n"attr": "young",\n"steps": 600,\n}', "line 4: not JSON"),
        ("[]", "must hold one JSON object"),
        ("{}", "not the settings of a run"),
        ('{"attr": "young", "colour": 3}', "'colour' is no setting; nearest: "),
        ('{"attr": "young", "zzz": 3}', "'zzz' is no setting; there are: data, data_dir"),
        ('{"attr": "young", "step": 3}', "'step' is no setting; nearest: steps"),
        ('{"attr": "young", "steps": "many"}', 'steps "many": must be a whole number'),
        ('{"attr": "young", "steps": true}', "steps true: must be a whole number"),
        ('{"attr": "young", "steps": null}', "steps null: must be a whole number"),
        ('{"attr": "young", "dual": "no"}', 'dual "no": must be true or false'),
        ('{"attr": "young", "alpha": NaN}', "alpha NaN: must be a number of at least 0"),
        ('{"attr": "young", "xla": "yes"}', 'xla "yes": choose one of auto, on, off'),
        ('{"attr": ["young"]}', 'attr ["young"]: must be text'),
        ('{"attr": "young", "steps": 1, "steps": 2}', "'steps' is there twice"),
    ],
)
def test_a_file_that_is_no_settings_is_named_and_what_is_wrong(tmp_path, text, message):
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        TrainConfig.read(path)
    assert str(caught.value).startswith(f"{path}: {message}")
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_text_is_named(tmp_path):
    path = tmp_path / "config.json"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match=r"config\.json: 'utf-8' codec"):
        read_object(path)
    with pytest.raises(UserError, match="cannot be read"):
        read_object(tmp_path)


def test_a_byte_order_mark_is_passed_over(tmp_path):
    path = tmp_path / "config.json"
    path.write_text('{"attr": "young"}', encoding="utf-8-sig")
    assert TrainConfig.read(path) == TrainConfig.of(attr="young")


@hypothesis.given(st.text().filter(lambda name: name not in FIELDS))
def test_a_key_that_is_no_setting_is_refused(name):
    with pytest.raises(UserError, match="is no setting"):
        check_settings("config.json", {name: 1}, FIELDS)


def test_a_missing_settings_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"config\.json: no such file"):
        TrainConfig.read(tmp_path / "config.json")


def test_the_help_of_presets_says_where_a_family_has_another():
    said = presets_help()
    quick = said[said.index("quick (") : said.index(" or best (")]
    assert quick.startswith("quick (image_size 64, width 32, batch_size 16, steps 600")
    assert "; with --model shared_gan image_size 64, width 32, batch_size 8" in quick
    assert "vae_gan" not in quick
