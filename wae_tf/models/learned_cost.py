"""A critic beside the cost: what it adds to the objective, and to each training step."""

import keras
import tensorflow as tf

from wae_tf import pixels
from wae_tf.costs.critic import adaptive_weight, hinge_critic_loss, judge, with_gradient
from wae_tf.models.checks import check_critic, check_number
from wae_tf.models.trainer import ObjectiveTrainer

__all__ = ["LearnedCost"]


class LearnedCost(ObjectiveTrainer):
    """`ObjectiveTrainer` of a model whose cost may have a critic of images as second term.

        mean(c(x, y)) + critic_weight * w * score_loss(critic(y)),   y = G(Q(x))

    `w` makes both gradients at `y` equally long (`wae_tf.costs.critic.adaptive_weight`), and
    so `critic_weight` is the ratio of the critic's to the cost's. The critic learns to tell
    `y` from real images by a hinge loss, on the same batch: its step counts from the next
    batch on. It sees reconstructions only, no draws from the prior.

    A subclass has a `decoder` and computes the first term in `mean_cost(x, y)`.
    """

    critic = None
    critic_active = True  # `wae_tf.training.callbacks.CriticStart` switches it.

    def use_critic(self, critic, critic_weight):
        """Puts a critic beside the cost; None puts none."""
        self.critic_weight = check_number("critic_weight", critic_weight)
        if critic is None:
            return
        check_critic(critic, self.image_shape)
        self.critic = critic
        for name in ("critic_loss", "critic_weight"):
            self.loss_names = (*self.loss_names, name)
            self._trackers[name] = keras.metrics.Mean(name=name)

    def weights_without_critic(self):
        """Returns the variables of `weights`, in order, that are none of the critic's."""
        critics = set() if self.critic is None else {id(v) for v in self.critic.variables}
        return [weight for weight in self.weights if id(weight) not in critics]

    def reconstruction_terms(self, x, z, training=False, real=None):
        """Computes what the objective says of reconstructions.

        Args:
            x: Images in `pixel_range`, shape `(n, height, width, channels)`.
            z: Their codes, shape `(n, latent_dim)`.
            training: Whether this is a training step.
            real: What the critic takes for real, as images at the API; None takes `x`.

        Returns:
            Dict of scalars: `loss`, the terms above; `reconstruction_loss`, the first of them;
            and with a critic `critic_loss`, its own, and `critic_weight`, `critic_weight * w`.
        """
        if self.critic is None or not self.critic_active:
            loss = self.reconstruction_loss(x, z, training)
            return {"loss": loss, "reconstruction_loss": loss}
        y = tf.cast(self.decoder(z, training=training), tf.float32)
        constant = tf.stop_gradient(y)
        with tf.GradientTape() as tape:
            tape.watch(constant)
            cost = self.mean_cost(x, constant)
        cost_gradient = tape.gradient(cost, constant)
        score, gradient = judge(self.critic, constant)
        weight = self.critic_weight * adaptive_weight(cost_gradient, gradient)
        real = x if real is None else pixels.to_model_range(real, self.pixel_range)
        scores = self.critic(tf.concat([real, constant], axis=0), training=training)
        real_scores, scores = tf.split(scores, [tf.shape(real)[0], tf.shape(y)[0]])
        return {
            "loss": with_gradient(cost + weight * score, cost_gradient + weight * gradient, y),
            "reconstruction_loss": cost,
            "critic_loss": hinge_critic_loss(real_scores, scores),
            "critic_weight": weight,
        }

    def compile(self, optimizer="adam", *, critic_optimizer=None, **kwargs):
        """As in `ObjectiveTrainer.compile`.

        Args:
            optimizer: Keras optimizer, or its name, for encoder and decoder.
            critic_optimizer: Another one, for the critic, if there is one; by default `"adam"`.
            **kwargs: The other arguments of the model's `compile`.

        Raises:
            ValueError: There is no critic to optimise, or both are the same object.
        """
        if self.critic is None and critic_optimizer is not None:
            raise ValueError(
                "`critic_optimizer` needs a model with a `critic`: pass one to the model, such as "
                f"`wae_tf.costs.PatchCritic`. Received: critic_optimizer={critic_optimizer!r}"
            )
        if critic_optimizer is optimizer and not isinstance(optimizer, str):
            raise ValueError(
                "`optimizer` and `critic_optimizer` must be two objects: each keeps state for its "
                "own variables. Received: the same object twice"
            )
        super().compile(optimizer, **kwargs)
        if self.critic is None:
            return
        critic_optimizer = keras.optimizers.get(critic_optimizer or "adam")
        scaled = keras.optimizers.LossScaleOptimizer
        if isinstance(self.optimizer, scaled) and not isinstance(critic_optimizer, scaled):
            critic_optimizer = scaled(critic_optimizer)  # As Keras did with the other.
        critic_optimizer.build(self.critic.trainable_variables)
        self.critic_optimizer = critic_optimizer
        self._compile_arguments["critic_optimizer"] = critic_optimizer

    def targets(self, losses):
        """Returns what a step descends; the critic's loss moves the critic alone."""
        targets = super().targets(losses)
        if "critic_loss" in losses:
            targets.append(self.critic_optimizer.scale_loss(losses["critic_loss"]))
        return targets

    def descend(self, tape, targets):
        """Moves the networks and, where its loss is among the targets, the critic."""
        if self.critic is None or not self.critic_active:
            super().descend(tape, targets)
            return
        # One way back for both: neither loss has a gradient at the other's variables.
        networks, critic = self.autoencoder_variables, self.critic.trainable_variables
        gradients = tape.gradient(targets, [networks, critic])
        self.optimizer.apply(gradients[0], networks)
        self.critic_optimizer.apply(gradients[1], critic)
