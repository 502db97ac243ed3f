"""The terms of the shared model's objective, as pure functions of tensors.

Logits are float32 [n, p, a, 3]: n rows, p places (one for a whole face), a attributes, and the
classes real without, real with, generated. Each term is a scalar, a mean over rows and places.
"""

from typing import Any

from keras import ops

from faceattr.models.shared_gan.views import view_of_step

GENERATED = 2
"""The class of edited faces; 0 and 1 are real ones, without and with the attribute."""


def classification_loss(logits: Any, classes: Any, weights: Any) -> Any:
    """Cross-entropy to a class for each row and attribute: `sum_a w_a (-log p_a)`, then the means.

    Args:
        logits: see above.
        classes: int32 [n, a], 0 to 2.
        weights: float32 [n, a], such as 0 where a label is unknown.
    """
    wanted = ops.expand_dims(ops.one_hot(classes, 3, dtype="float32"), 1)
    surprise = -ops.sum(ops.log_softmax(logits, axis=-1) * wanted, axis=-1)
    return ops.mean(ops.sum(ops.mean(surprise, axis=1) * weights, axis=-1))


def leak_loss(before: Any, after: Any, others: Any) -> Any:
    """How much an edit moves what D says of other attributes: KL(before || after).

    Over the two real classes alone, which is what an attribute is when it is not asked whether a
    face is real; a mean over the other attributes, 0 where there are none.

    Args:
        before, after: logits of the faces and of the edited ones.
        others: float32 [n, a], 0 at the attribute that is edited and else 1.
    """
    before, after = (
        ops.log_softmax(logits[..., :GENERATED], axis=-1) for logits in (before, after)
    )
    divergence = ops.sum(ops.exp(before) * (before - after), axis=-1)
    count = ops.maximum(ops.sum(others, axis=-1), 1.0)
    return ops.mean(ops.sum(ops.mean(divergence, axis=1) * others, axis=-1) / count)


def mean_change(residual: Any) -> Any:
    """float32 [n]: mean |r| of each row."""
    return ops.mean(ops.abs(residual), axis=(1, 2, 3))


def total_variation(residual: Any) -> Any:
    """Of the residual (Rudin, Osher and Fatemi, 1992): mean |r - the next r|, down plus across.

    A speck costs four times its own change, a larger area only its border.
    """
    down = ops.mean(ops.abs(residual[:, 1:] - residual[:, :-1]))
    across = ops.mean(ops.abs(residual[:, :, 1:] - residual[:, :, :-1]))
    return down + across


def views_loss(residual: Any, of_view: Any, step: Any) -> Any:
    """How far the residual of a step's view is from that view of the residual: mean |difference|.

    Args:
        residual: float32 [n, s, s, 3], of some images.
        of_view: float32 [n, s, s, 3], of `view_of_step(images, step)`.
        step: int32.
    """
    return ops.mean(ops.abs(of_view - view_of_step(residual, step)))


def views_term(
    transformation: Any, groups: Any, residual: Any, edits: Any, step: Any, training: bool
) -> Any:
    """`views_loss` of the second group, if there is one: in the last are painted glasses.

    Args:
        transformation: the network.
        groups: of each group the images, float32 [n, s, s, 3] in [-1, 1].
        residual, edits: of all groups one after the other.
        step: int32.
        training: bool.
    """
    count = len(groups)
    of_group, of_edits = (ops.split(each, count)[:2][-1] for each in (residual, edits))
    of_view = transformation(view_of_step(groups[:2][-1], step), of_edits, training=training)
    return views_loss(of_group, of_view, step)


def realness(logits: Any, own: Any) -> Any:
    """float32 [n]: log((p_0 + p_1) / p_2) of the attribute that a row is for, a mean over places.

    Args:
        logits: see above.
        own: float32 [n, a], 1 at that attribute and else 0.
    """
    real = ops.logsumexp(logits[..., :GENERATED], axis=-1) - logits[..., GENERATED]
    return ops.sum(ops.mean(real, axis=1) * own, axis=-1)


def r1_penalty(gradient: Any) -> Any:
    """R1 (Mescheder, Geiger and Nowozin, 2018): ||grad||^2 / 2, mean over the rows.

    Args:
        gradient: float32 [n, s, s, 3], of D's `realness` by real images.
    """
    return ops.mean(ops.sum(ops.square(gradient), axis=(1, 2, 3))) / 2.0


def accuracy(logits: Any, classes: Any, own: Any) -> Any:
    """Share of rows, in [0, 1], that are put in their class under the attribute they are for.

    Args:
        logits: see above; the mean over places decides.
        classes: int32 [n, a].
        own: float32 [n, a], 1 at that attribute and else 0.
    """
    found = ops.cast(ops.argmax(ops.mean(logits, axis=1), axis=-1), "int32")
    right = ops.cast(ops.equal(found, classes), "float32")
    return ops.mean(ops.sum(right * own, axis=-1))


def gate_loss(log_odds: Any, has: Any, own: Any) -> Any:
    """Binary cross-entropy of whether faces have the attribute that their rows are for.

    Args:
        log_odds: float32 [n, a].
        has: float32 [n, a], 0 or 1.
        own: float32 [n, a], 1 at the attribute of the row and else 0.
    """
    surprise = ops.softplus(log_odds) - has * log_odds
    return ops.mean(ops.sum(surprise * own, axis=-1))


def gate_terms(log_odds: Any, edits: Any, own: Any) -> dict[str, Any]:
    """`gate_loss`, and `gate_accuracy`, the share of rows that the gate is right about.

    Args:
        log_odds, own: see `gate_loss`.
        edits: int32 [n], of faces that lack what they bring; the odd ones take the attribute off.
    """
    has = ops.cast(ops.expand_dims(edits % 2, 1), "float32")
    right = ops.cast(ops.equal(log_odds > 0, has > 0), "float32")
    accuracy = ops.mean(ops.sum(right * own, axis=-1))
    return {"gate_loss": gate_loss(log_odds, has, own), "gate_accuracy": accuracy}
