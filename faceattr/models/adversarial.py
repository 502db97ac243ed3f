"""AdversarialModel: what models have in common whose networks are trained against each other.

Players, each some networks with an optimizer and a loss of its own; the step that updates all of
them from one evaluation of the objective, on TensorFlow and on JAX; running means of the terms;
averaged weights; saving; and the edit.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import keras
from keras import ops

from faceattr.edits import Edit, edited
from faceattr.models.optimizer import adam, loss_scaled

if keras.backend.backend() == "tensorflow":
    from faceattr.models import tensorflow_step as backend_step
elif keras.backend.backend() == "jax":
    from faceattr.models import jax_step as backend_step  # type: ignore[no-redef]
else:
    raise ImportError(
        f"KERAS_BACKEND={keras.backend.backend()}: training runs on tensorflow and jax"
    )

input_gradient = backend_step.input_gradient
"""(function, images) -> the gradient of `sum(function(images))`, itself differentiable."""


class Player(NamedTuple):
    """One side of the game.

    Attributes:
        name: str; its loss is the term `<name>_loss`.
        variables: trainable variables of its networks.
        optimizer: what updates them.
    """

    name: str
    variables: list[Any]
    optimizer: keras.optimizers.Optimizer


class AdversarialModel(keras.Model):
    """Networks that are trained together, each player with a loss of its own.

    A subclass makes its networks, names those of each player in `networks_of`, its terms in
    `terms_type`, calls `count_steps()` once they are built, and says what `objective` and
    `residual_image` are.

    Args:
        **kwargs: of `keras.Model`; `dtype="mixed_bfloat16"` or `"mixed_float16"` computes the
            networks in half precision, outputs and losses still in float32.

    Attributes:
        terms_type: the NamedTuple of the terms of the objective; has `<player>_loss` for each
            player.
        image_size: int, side of the face crops.
        width: int, channels of the first layers.
        synchronized: bool, whether replicas normalise their shares of a batch together.
        learning: names of the players that learn now; all of them unless a phase says otherwise.
            Set it before `fit`.
        averages: name of a network -> the network of its exponentially averaged weights.
        ema_decay: float in [0, 1), of these averages.
    """

    terms_type: type[tuple]
    image_size: int
    width: int
    synchronized: bool
    ema_decay: float = 0.0

    def __init__(self, **kwargs: Any) -> None:
        # The networks cast for themselves; sums of image and residual stay in float32.
        super().__init__(autocast=False, **kwargs)
        self.learning: tuple[str, ...] = ()
        self.averages: dict[str, keras.Model] = {}
        fields: Sequence[str] = self.terms_type._fields  # type: ignore[attr-defined]
        self.means = {name: keras.metrics.Mean(name=name) for name in fields}

    @property
    def network_settings(self) -> dict[str, Any]:
        """What every network of the model is made with."""
        return {
            "image_size": self.image_size,
            "width": self.width,
            "synchronized": self.synchronized,
            "dtype": self.dtype_policy,
        }

    @property
    def networks_of(self) -> Mapping[str, Sequence[keras.Model]]:
        """The networks of each player, by its name; the order is that of the updates."""
        raise NotImplementedError

    def objective(self, batch: Any, training: bool) -> Any:
        """Every term for one batch, an instance of `terms_type` of scalars."""
        raise NotImplementedError

    def residual_image(self, images: Any, edit: Edit) -> Any:
        """The residual of the finished edit, with inference statistics.

        Args:
            images: float32 [n, s, s, 3] in [-1, 1].
            edit: one that the model was built for.

        Returns:
            float32 [n, s, s, 3], not clipped.
        """
        raise NotImplementedError

    def edit(self, images: Any, edit: Edit, strength: float = 1.0) -> Any:
        """`clip(x + strength * r)`: the finished edit, with inference statistics.

        Args:
            images: float32 [n, s, s, 3] in [-1, 1].
            edit: one that the model was built for.
            strength: float; 0 leaves the images as they are, 1 is the trained edit.

        Returns:
            float32 [n, s, s, 3] in [-1, 1].
        """
        images = ops.convert_to_tensor(images)
        return edited(images, self.residual_image(images, edit), strength)

    def shown(self, images: Any) -> list[tuple[str, Any]]:
        """What a sample grid shows of images beside their edits: (label, float32 images)."""
        return []

    def begin_with(self, trained: "AdversarialModel") -> None:
        """Takes over the weights of a trained model of equal networks.

        Args:
            trained: whose edits are made with averaged weights, if it has them; these are taken.
        """
        for player, networks in self.networks_of.items():
            for network, other in zip(networks, trained.networks_of[player], strict=True):
                network.set_weights(trained.averages.get(other.name, other).get_weights())
        self.begin_averages()

    def begin_averages(self) -> None:
        """Averages begin as the weights that they are of."""
        for name, average in self.averages.items():
            average.set_weights(getattr(self, name).get_weights())

    def count_steps(self) -> None:
        """Makes the count of steps, which is saved with the weights."""
        # Not the optimizers' counts: they leave out the steps that loss scaling skips.
        self.steps = self.add_weight(
            name="steps", shape=(), initializer="zeros", dtype="int32", trainable=False
        )

    @property
    def steps_done(self) -> int:
        """How many steps of training were made."""
        # Not int(steps), which a mirrored variable refuses.
        return int(self.steps.numpy())

    @property
    def players(self) -> list[Player]:
        """All players, in the order of the updates."""
        return [
            Player(
                name,
                [variable for network in networks for variable in network.trainable_variables],
                getattr(self, f"{name}_optimizer"),
            )
            for name, networks in self.networks_of.items()
        ]

    @property
    def learning_players(self) -> list[Player]:
        """The players that learn now."""
        return [each for each in self.players if not self.learning or each.name in self.learning]

    def compile(self, *optimizers: keras.optimizers.Optimizer | None, **kwargs: Any) -> None:
        """Sets the optimizers and builds them, as distribution strategies need.

        Args:
            *optimizers: of each player in turn, or by name as `<player>_optimizer=`. Each
                defaults to Adam(2e-4, beta_1=0.5).
            **kwargs: of `keras.Model.compile`, such as `jit_compile`.

        In `mixed_float16` they are wrapped in Keras's `LossScaleOptimizer`.
        """
        names = [f"{player}_optimizer" for player in self.networks_of]
        given = dict(zip(names, optimizers, strict=False))
        given |= {name: kwargs.pop(name) for name in names if name in kwargs}
        for name in names:
            optimizer = given.get(name) or adam()
            setattr(self, name, loss_scaled(optimizer, self.dtype_policy.compute_dtype))
        # Keras makes and saves an RMSprop of its own where it is given no optimizer. XLA makes
        # TensorFlow's step slower on CPUs, so "auto" is not left to decide; JAX without it compiles
        # hundreds of operations one by one.
        jit_compile = keras.backend.backend() != "tensorflow"
        super().compile(getattr(self, names[0]), **{"jit_compile": jit_compile, **kwargs})
        for player in self.players:
            player.optimizer.build(player.variables)

    def get_compile_config(self) -> dict[str, Any]:
        return {
            f"{player.name}_optimizer": keras.saving.serialize_keras_object(player.optimizer)
            for player in self.players
        }

    def compile_from_config(self, config: dict[str, Any]) -> None:
        deserialize = keras.saving.deserialize_keras_object
        self.compile(**{name: deserialize(optimizer) for name, optimizer in config.items()})

    @property
    def non_trainable_variables(self) -> list[Any]:
        return [*super().non_trainable_variables, *backend_step.carried_variables(self)]

    def train_step(self, *arguments: Any) -> Any:
        """One update of the players that learn, see the step of the backend."""
        return backend_step.train_step(self, *arguments)

    def test_step(self, *arguments: Any) -> Any:
        """The terms on a held-out batch, see the step of the backend."""
        return backend_step.test_step(self, *arguments)

    def player_gradients(self, batch: Any) -> tuple[Any, dict[str, list[Any]], Any]:
        """The terms, the gradients of each player, and what `finish_step` is given.

        A model overrides it on TensorFlow whose gradients come by another way than from one
        objective.
        """
        assert keras.backend.backend() == "tensorflow", "JAX computes gradients in its step"
        return backend_step.player_gradients(self, batch)

    def _maybe_symbolic_build(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: it is built when it is made.

        Keras would average a batch over all workers first, only to learn its shape, and fails at
        that for a pair of images.
        """

    def finish_step(self, seen: Any = None) -> None:
        """Counts the step and lets the averages follow, after the optimizers' updates.

        Args:
            seen: what `player_gradients` keeps of the batch for this; None unless overridden.
        """
        self.steps.assign_add(1)
        if not self.averages:
            return
        # A short memory at first, as in tf.train.ExponentialMovingAverage: the first weights are
        # noise that should not be remembered for a thousand steps.
        steps = ops.cast(self.steps, "float32")
        decay = ops.minimum(self.ema_decay, (1.0 + steps) / (10.0 + steps))
        for name, average in self.averages.items():
            network = getattr(self, name)
            for mean, value in zip(average.weights, network.weights, strict=True):
                # Of what does not learn it stays the very value.
                mean.assign(mean + (1.0 - decay) * (value - mean))

    def update_means(self, terms: Any) -> dict[str, Any]:
        """Takes a batch's terms into the running means, and returns these."""
        for name, value in terms._asdict().items():
            self.means[name].update_state(value)
        return {name: mean.result() for name, mean in self.means.items()}
