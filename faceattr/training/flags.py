"""The flags of `train.py`: every setting of a training, and how to run it."""

import argparse

_Group = argparse._ArgumentGroup


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Adds every flag, in groups; this needs neither Keras nor TensorFlow.

    A setting has no default here: a flag that is not given leaves the settings file, the preset
    or the run as it is.
    """
    _add_data(parser)
    _add_care(parser)
    _add_model(parser)
    _add_optimisation(parser)
    _add_regularisers(parser)
    _add_devices(parser)
    _add_run(parser)


# A kind of flag each: a word, a whole number, a number, and a pair such as --dual and --no-dual.


def _word(group: _Group, flag: str, text: str, metavar: str | None = None) -> None:
    group.add_argument(flag, metavar=metavar, help=text)


def _whole(group: _Group, flag: str, text: str, metavar: str = "N") -> None:
    group.add_argument(flag, metavar=metavar, type=int, help=text)


def _number(group: _Group, flag: str, text: str, metavar: str = "X") -> None:
    group.add_argument(flag, metavar=metavar, type=float, help=text)


def _switch(group: _Group, flag: str, text: str) -> None:
    group.add_argument(flag, action=argparse.BooleanOptionalAction, help=text)


def _add_data(parser: argparse.ArgumentParser) -> None:
    data = parser.add_argument_group("what to train on")
    _word(
        data,
        "--attr",
        "glasses, mouth_open, smile, no_beard, young, male, or a column of the labels; all "
        "for these six, or a comma list such as glasses,smile,Wearing_Hat (a name with a comma in "
        "it in double quotes)",
        metavar="NAMES",
    )
    _word(
        data,
        "--data",
        "synthetic (default: drawn faces), celeba, lfw, tfds (celeb_a of TensorFlow "
        "Datasets), csv (your faces, labelled in a CSV file), folders (your faces, sorted into "
        "folders) or packed (crops that python -m faceattr.data pack cut out)",
        metavar="SOURCE",
    )
    _word(
        data,
        "--data_dir",
        "the folder of the data: with CelebA's or LFW's label file, or with a folder of faces "
        "per class; for csv where the image paths start (default: the CSV file's folder)",
        metavar="FOLDER",
    )
    _word(
        data,
        "--labels",
        "csv: a column of image paths, and columns of 0/1, -1/1, true/false or yes/no",
        metavar="FILE",
    )
    _word(
        data,
        "--image_column",
        "csv: the column of image paths (default: image, image_id, file, filename, path or name)",
        metavar="COLUMN",
    )
    _word(
        data,
        "--crop",
        "where the face is in an image: none (the largest centred square; default for csv "
        "and folders), celeba or lfw (the frame of their aligned images)",
    )
    _whole(data, "--synthetic_faces", "how many faces --data synthetic draws, 4 or more (2400)")
    _word(
        data,
        "--cache",
        "memory decodes every crop once before training, none at each step anew, auto (the "
        "default) once where the crops take less than 1 GiB; python -m faceattr.data pack keeps "
        "them on disk",
    )
    _number(
        data,
        "--jitter",
        "strength of random changes of light and framing, 0 to 1 (default 0, as in the "
        "paper); with few images 0.5 keeps the discriminator from learning them by heart",
    )
    split = parser.add_argument_group("training and test")
    _word(
        split,
        "--split",
        "random (default, the paper's), official (CelebA's list_eval_partition.txt) or "
        "person (nobody is in both training and test)",
    )
    _whole(
        split,
        "--test_per_class",
        "held-out faces of each class, 1 or more (default: the paper's 1000, or a fifth of "
        "the smaller class where the data are few)",
    )


def _add_care(parser: argparse.ArgumentParser) -> None:
    care = parser.add_argument_group("doubtful labels and images")
    _word(
        care,
        "--label_overrides",
        "a CSV file of corrections with the columns image, column and value; an empty value "
        "drops a label",
        metavar="FILE",
    )
    _number(
        care,
        "--min_confidence",
        "lfw and csv: use only labels at least so sure, a probability from 0.5 to below 1 "
        "(for lfw_attributes.txt an absolute value)",
    )
    _word(
        care,
        "--on_bad_image",
        "images that cannot be read: error (default) stops before training, skip leaves them out",
    )


def _add_model(parser: argparse.ArgumentParser) -> None:
    model = parser.add_argument_group("networks and objective")
    _word(
        model,
        "--preset",
        "paper (128x128, width 64, batch 64, 20000 steps; default on real faces) or quick "
        "(64x64, width 32, batch 16, 600 steps, alpha 5e-4; default on synthetic ones)",
    )
    _whole(
        model,
        "--image_size",
        "side of the face crops: 32, 64, 128 or 256; a step takes about four times as long "
        "at twice the side",
        metavar="SIDE",
    )
    _whole(model, "--width", "channels of the first layers, 1 or more; the paper has 64")
    _number(
        model,
        "--alpha",
        "weight of the residual's L1 norm, 0 or more (default: 5e-4 for local attributes, "
        "1e-6 for young and male; if given, it is for all attributes); larger means smaller "
        "changes, too large means none",
    )
    _word(
        model,
        "--model",
        "residual_gan (default: the paper's) or vae_gan (the baseline that it compares with, "
        "Larsen et al., 2016, which learns from every training image; has no --alpha, --residual, "
        "--dual, --ema_decay, --spectral_norm, --r1)",
        metavar="KIND",
    )
    _switch(
        model,
        "--residual",
        "--no-residual: the networks paint the whole image (ablation of section 6.2)",
    )
    _switch(model, "--dual", "--no-dual: no dual learning (ablation of section 6.2)")


def _add_optimisation(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("optimisation")
    _whole(
        group,
        "--batch_size",
        "pairs of faces per step, 1 or more; with several devices a multiple of their number",
    )
    _whole(group, "--steps", "updates of the three networks, 1 or more")
    _number(
        group,
        "--learning_rate",
        "of Adam, above 0 (2e-4, the paper's); a smaller one is slower and calmer",
    )
    _word(
        group,
        "--learning_rate_decay",
        "constant (default, the paper's), linear or cosine: the rate falls to zero over "
        "--steps, which settles the last edits, and fixes the length of the run",
        metavar="SHAPE",
    )
    _number(
        group,
        "--clip_norm",
        "clips the gradient of each weight to this L2 norm, above 0 (default: none, as in "
        "the paper); keeps one bad batch from throwing the weights far off",
    )
    _number(
        group,
        "--ema_decay",
        "edits are made with averages of the weights over about 1 / (1 - X) steps, 0 to "
        "below 1; 0.999 is usual and takes out noise (default 0: none, as in the paper)",
    )
    _whole(group, "--seed", "of split, data order and weights, 0 or more (0)")


def _add_regularisers(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "regularisers, off in the paper",
        "Both restrain a discriminator that wins too easily, as it does on few images.",
    )
    _switch(
        group,
        "--spectral_norm",
        "holds each convolution of the discriminator to a spectral norm of 1 (Miyato et al., 2018)",
    )
    _number(
        group,
        "--r1",
        "weight of the squared gradient of the discriminator at real images (Mescheder et "
        "al., 2018), 0 or more (0); a step takes longer",
        metavar="GAMMA",
    )


def _add_devices(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("precision and devices")
    _word(
        group,
        "--precision",
        "float32 (default), mixed_bfloat16 or mixed_float16: the networks compute in half "
        "precision, faster and in less memory on GPUs made for it; weights, outputs and losses "
        "stay float32, and mixed_float16 scales the losses",
        metavar="TYPE",
    )
    _word(
        group,
        "--xla",
        "compile the step with XLA: auto (default: on GPUs; on CPUs it makes the step "
        "slower), on or off",
        metavar="WHEN",
    )
    _word(
        group,
        "--batchnorm",
        "with several devices: per_replica (default; each normalises its share of the batch) "
        "or synchronized (statistics of the whole batch, as on one device)",
        metavar="HOW",
    )
    _switch(
        group,
        "--deterministic",
        "the same bits each time on the same machine, even after a kill and --resume; "
        "slower on GPUs",
    )
    _word(
        group,
        "--devices",
        "cpu, or the numbers of GPUs such as 0 or 0,1 (default: all GPUs, or else the CPU)",
        metavar="WHICH",
    )
    group.add_argument(
        "--logical_devices",
        metavar="N",
        type=int,
        default=1,
        help="splits the CPU in N, 1 or more (1), to try a training on several devices without "
        "having them; no faster",
    )


def _add_run(parser: argparse.ArgumentParser) -> None:
    run = parser.add_argument_group("the run")
    _word(
        run,
        "--config",
        "settings from a JSON object: the names of the flags without --, true and false, and "
        'preset; attr may be a list. Such as {"attr": ["glasses", "smile"], "steps": 5000}, or '
        "the config.json of a run",
        metavar="FILE",
    )
    _word(
        run,
        "--run_dir",
        "where the run is kept, new or empty (default: runs/<attr>-<time>); with several "
        "attributes each in a folder of its own in it",
        metavar="FOLDER",
    )
    run.add_argument(
        "--resume",
        action="store_true",
        help="go on from the newest checkpoint in --run_dir; --steps may make the run longer. Of "
        "several attributes those that are finished are passed over",
    )
    _whole(run, "--checkpoint_every", "steps between checkpoints, 1 or more (100)")
    _number(
        run,
        "--checkpoint_minutes",
        "a checkpoint is due after so many minutes whatever the step, 0 or more (10; 0: "
        "steps alone)",
    )
    _whole(run, "--keep_checkpoints", "how many of the newest checkpoints are kept, 1 or more (2)")
    _word(
        run,
        "--best_by",
        "keeps the checkpoint with the lowest mean of this term as checkpoints/best.keras: "
        "generator_loss, gan_loss, dual_loss, pixel_loss, perceptual_loss or discriminator_loss; "
        "of a VAE-GAN encoder_loss, decoder_loss, prior_loss, feature_loss, reconstruction_error "
        "or discriminator_loss (default: none)",
        metavar="TERM",
    )
    _whole(run, "--sample_every", "steps between sample grids, 1 or more (100)")
    run.add_argument(
        "--dry_run",
        action="store_true",
        help="print the settings, counts of the data and what a training would take, then stop",
    )
