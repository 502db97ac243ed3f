"""TrainConfig: every setting of one training, each declared once."""

import dataclasses
import json
import pathlib
from typing import Any

from faceattr.attributes import attribute_names
from faceattr.data.choice import CARE, FACES, DataChoice
from faceattr.data.splits import SPLITS
from faceattr.errors import UserError
from faceattr.models.family import DECAYS, IMAGE_SIZES, LEARNING_RATE, PRECISIONS, Family
from faceattr.models.registry import DEFAULT, families, family
from faceattr.options import Option, documented, option, options_of
from faceattr.runs.settings_file import check_settings, read_object

_SPLIT = "training and test"
_NETWORKS = "networks and objective"
_OPTIMISATION = "optimisation"
_DEVICES = "precision and devices"
_RUN = "the run"


@documented
@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainConfig(DataChoice):
    """Settings of one training, checked when made. The defaults are the paper's.

    `options` are those of the family that `model` names, an instance of its `options` class, or
    None for its defaults.

    Raises:
        UserError: if a setting is of another type or out of its range.
    """

    attr: str = option(
        dataclasses.MISSING,
        "glasses, mouth_open, smile, no_beard, young, male, or a column of the labels; all for "
        "these six, or a comma list such as glasses,smile,Wearing_Hat (a name with a comma in it "
        "in double quotes)",
        group=FACES,
        metavar="NAMES",
    )
    cache: str = option(
        "auto",
        "memory decodes every crop once before training, none at each step anew, auto (the "
        "default) once where the crops take less than 1 GiB; python -m faceattr.data pack keeps "
        "them on disk",
        group=FACES,
        choices=("auto", "memory", "none"),
    )
    jitter: float = option(
        0.0,
        "strength of random changes of light and framing, 0 to 1 (default 0, as in the paper); "
        "with few images 0.5 keeps the discriminator from learning them by heart",
        group=FACES,
        at_least=0,
        at_most=1,
    )
    split: str = option(
        "random",
        "random (default, the paper's), official (CelebA's list_eval_partition.txt) or person "
        "(nobody is in both training and test)",
        group=_SPLIT,
        choices=SPLITS,
    )
    test_per_class: int | None = option(
        None,
        "held-out faces of each class, 1 or more (default: the paper's 1000, or a fifth of the "
        "smaller class where the data are few; of an official test all of the smaller class)",
        group=_SPLIT,
        at_least=1,
    )
    on_bad_image: str = option(
        "error",
        "images that cannot be read: error (default) stops before training, skip leaves them out",
        group=CARE,
        choices=("error", "skip"),
    )
    model: str = option(DEFAULT, "", group=_NETWORKS, metavar="KIND")
    image_size: int = option(
        128,
        "side of the face crops: 32, 64, 128 or 256; a step takes about four times as long at "
        "twice the side",
        group=_NETWORKS,
        one_of=(
            IMAGE_SIZES,
            f"choose a power of two from {IMAGE_SIZES[0]} to {IMAGE_SIZES[-1]}",
        ),
        metavar="SIDE",
    )
    width: int = option(
        64,
        "channels of the first layers, 1 or more; the paper has 64",
        group=_NETWORKS,
        at_least=1,
    )
    batch_size: int = option(
        64,
        "pairs of faces per step, 1 or more; with several devices a multiple of their number",
        group=_OPTIMISATION,
        at_least=1,
    )
    steps: int = option(
        20_000, "updates of the networks, 1 or more", group=_OPTIMISATION, at_least=1
    )
    learning_rate: float = option(
        LEARNING_RATE,
        "of Adam, above 0 (2e-4, the paper's default); a smaller one is slower and calmer",
        group=_OPTIMISATION,
        above=0,
    )
    learning_rate_decay: str = option(
        "constant",
        "constant (default, the paper's), linear, late (over the last 60%) or cosine: the rate "
        "falls to zero over --steps, which settles the last edits, and fixes the length of the run",
        group=_OPTIMISATION,
        choices=DECAYS,
        metavar="SHAPE",
    )
    clip_norm: float | None = option(
        None,
        "clips the gradient of each weight to this L2 norm, above 0 (default: none, as in the "
        "paper); keeps one bad batch from throwing the weights far off",
        group=_OPTIMISATION,
        above=0,
    )
    seed: int = option(
        0, "of split, data order and weights, 0 or more", group=_OPTIMISATION, at_least=0
    )
    precision: str = option(
        "float32",
        "float32 (default), mixed_bfloat16 or mixed_float16: the networks compute in half "
        "precision, in less memory, and faster where the hardware has instructions for it; "
        "weights, outputs and losses stay float32, and mixed_float16 scales the losses",
        group=_DEVICES,
        choices=PRECISIONS,
        metavar="TYPE",
    )
    xla: str = option(
        "auto",
        "compile the step with XLA: auto (default: on GPUs; on CPUs it makes the step slower), on "
        "or off",
        group=_DEVICES,
        choices=("auto", "on", "off"),
        metavar="WHEN",
    )
    batchnorm: str = option(
        "per_replica",
        "with several devices: per_replica (default; each normalises its share of the batch) or "
        "synchronized (statistics of the whole batch, as on one device)",
        group=_DEVICES,
        choices=("per_replica", "synchronized"),
        metavar="HOW",
    )
    deterministic: bool = option(
        False,
        "the same bits each time on the same machine, even after a kill and --resume; slower on "
        "GPUs",
        group=_DEVICES,
    )
    checkpoint_every: int = option(
        100, "steps between checkpoints, 1 or more", group=_RUN, at_least=1
    )
    checkpoint_minutes: float = option(
        10.0,
        "a checkpoint is due after so many minutes whatever the step, 0 or more (default 10; 0: "
        "steps alone)",
        group=_RUN,
        at_least=0,
    )
    keep_checkpoints: int = option(
        2, "how many of the newest checkpoints are kept, 1 or more", group=_RUN, at_least=1
    )
    best_by: str | None = option(None, "", group=_RUN, metavar="TERM")
    sample_every: int = option(100, "steps between sample grids, 1 or more", group=_RUN, at_least=1)
    options: Any = None

    def __post_init__(self) -> None:
        super().__post_init__()
        family = self.family
        if self.options is None:
            object.__setattr__(self, "options", family.options())
        if not isinstance(self.options, family.options):
            raise UserError(
                f"options: --model {self.model} takes {family.options.__name__}, not "
                f"{type(self.options).__name__}"
            )
        if self.precision not in family.precisions:
            raise UserError(
                f"--precision {self.precision} is not for --model {self.model}; choose one of "
                f"{', '.join(family.precisions)}"
            )
        terms = best_terms(family)
        if self.best_by is not None and self.best_by not in terms:
            raise UserError(
                f"--best_by {self.best_by}: --model {self.model} has no such term; choose one of "
                f"{', '.join(terms)}"
            )

    @property
    def family(self) -> Family:
        """The family of the model."""
        return family(self.model)

    @property
    def attribute_names(self) -> tuple[str, ...]:
        """The attributes that the training learns: of most families the one that `attr` is."""
        return tuple(attribute_names(self.attr)) if self.family.several else (self.attr,)

    @classmethod
    def of(cls, **settings: Any) -> "TrainConfig":
        """The settings that a flat list of them stands for: fields, and options of the family.

        Args:
            **settings: as in `config.json` and on the command line. An option of another family
                may be there if it says what that family's default says.

        Raises:
            UserError: for an option of another family, or one that there is not.
        """
        model = settings.get("model", DEFAULT)
        own = options_of(family(model).options)
        names = {field.name for field in dataclasses.fields(cls)}
        options = {name: value for name, value in settings.items() if name in own}
        for name, value in settings.items():
            if name in names or name in own:
                continue
            others = {key: options_of(each.options) for key, each in families().items()}
            homes = [key for key, each in others.items() if name in each]
            if not homes:
                raise UserError(f"--{name}: there is no such setting")
            if value != others[homes[0]][name].default:
                flag = f"--no-{name}" if value is False else f"--{name}"
                raise UserError(
                    f"{flag} is for --model {' or '.join(homes)}, not for --model {model}; leave "
                    "it out"
                )
        fields = {name: value for name, value in settings.items() if name in names}
        return cls(**fields, options=family(model).options(**options))

    def settings(self) -> dict[str, Any]:
        """All settings in one flat list, as `of` takes them."""
        found = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.name != "options"
        }
        return {**found, **dataclasses.asdict(self.options)}

    def to_json(self) -> str:
        """As indented JSON, for `config.json`."""
        return json.dumps(self.settings(), indent=2) + "\n"

    @classmethod
    def read(cls, path: pathlib.Path) -> "TrainConfig":
        """Reads `config.json`; settings that it does not have are the defaults.

        Raises:
            UserError: if the file is missing or does not hold the settings of a training.
        """
        if not path.is_file():
            raise UserError(f"{path}: no such file; is {path.parent} the folder of a run?")
        settings = read_object(path)
        check_settings(path, settings, all_options())
        if "attr" not in settings:
            raise UserError(f"{path}: not the settings of a run (no attr)")
        return cls.of(**settings)


def best_terms(family: Family) -> tuple[str, ...]:
    """The terms of a family that a checkpoint may be judged by."""
    return tuple(term.name for term in family.terms() if term.best_by)


def all_options() -> dict[str, Option]:
    """Every setting by its name, those of all families among them.

    What the help says of models and their terms comes from the families.
    """
    found, every = options_of(TrainConfig), families()
    models = [
        f"{name} ({'default: ' * (name == DEFAULT)}{each.summary})" for name, each in every.items()
    ]
    terms = [f"of {name} {', '.join(best_terms(each))}" for name, each in every.items()]
    told = {
        "model": ", ".join(models),
        "best_by": "keeps the checkpoint with the lowest mean of this term as "
        f"checkpoints/best.keras: {'; '.join(terms)} (default: none)",
    }
    found |= {name: dataclasses.replace(found[name], help=text) for name, text in told.items()}
    for name, each in every.items():
        for one in options_of(each.options).values():
            first = found.get(one.name)
            told_of = f"{one.help} [{name}]"
            if first is not None:  # another family has it as well
                told_of = f"{first.help} [{name}: default {one.default}]"
            found[one.name] = dataclasses.replace(first or one, help=told_of)
    return found
