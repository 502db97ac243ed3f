"""The baseline as a subject: one VAE-GAN, and a vector for each attribute."""

import dataclasses

import numpy as np

from faceattr.attributes import find_attribute
from faceattr.data.table import AttributeTable
from faceattr.evaluation.judge.classifier_data import read_crops
from faceattr.evaluation.subjects.subject import KerasEdit, Subject
from faceattr.models.vae_gan.model import VAEGAN
from faceattr.reproduction.data import TRAINING

# Mean codes of more images differ by less than a hundredth of their spread.
_MOST = 2000
# Keeps the draws of images for a vector apart from other draws of the same seed.
_VECTOR_DRAWS = 0xA77


def with_attribute(subject: Subject, model: VAEGAN, attr: str, table: AttributeTable) -> Subject:
    """The same VAE-GAN as a subject for another attribute of its data.

    Args:
        subject: of the VAE-GAN's run.
        model: the trained VAE-GAN.
        attr: the attribute; its vector comes from at most 2,000 training images of each class.
        table: of `data.prepare`.
    """
    attribute = find_attribute(attr, table.columns)
    assert table.partition is not None, "prepare() says who is held out"
    usable = (table.partition == TRAINING) & table.known(attribute.column)
    positive = table.values(attribute.column)
    random = np.random.default_rng([subject.settings["seed"], _VECTOR_DRAWS])
    negatives, positives = (
        read_crops(
            table,
            np.sort(random.permutation(np.flatnonzero(usable & (positive == has)))[:_MOST]),
            model.image_size,
        )
        for has in (False, True)
    )
    made = model.with_vector(model.attribute_vector(negatives, positives))
    return dataclasses.replace(
        subject,
        name=f"{subject.name}-{attribute.name}",
        edits={edit: KerasEdit(made, edit) for edit in attribute.edits},
    )
