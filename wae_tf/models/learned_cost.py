"""A critic beside the cost: what it adds to the objective, and to each training step."""

import keras
import tensorflow as tf

from wae_tf import pixels
from wae_tf.arguments import check_number
from wae_tf.costs.critic import adaptive_weight, judge, with_gradient
from wae_tf.divergences.adversarial import hinge_discriminator_loss
from wae_tf.models.checks import check_critic
from wae_tf.models.trainer import ObjectiveTrainer, sum_losses

__all__ = ["LearnedCost"]


class LearnedCost(ObjectiveTrainer):
    """`ObjectiveTrainer` of a model whose cost may have a critic of images as second term.

        mean(c(x, y)) + critic_weight * w * mean(-critic(y)),   y = G(Q(x))

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

    def set_weights_without_critic(self, values):
        """Gives these variables the values, as many and in this order; a critic stays as it is."""
        for variable, value in zip(self.weights_without_critic(), values, strict=True):
            variable.assign(value)

    def terms_with_critic(self, x, z, training=False, real=None):
        """Computes what the objective says of reconstructions, as a critic sees them too.

        Args:
            x: Images in `pixel_range`, shape `(n, height, width, channels)`.
            z: Their codes, shape `(n, latent_dim)`.
            training: Whether this is a training step.
            real: What the critic takes for real, as images at the API; None takes `x`.

        Returns:
            Dict of scalars: `loss`, the terms above; `reconstruction_loss`, the first of them;
            `critic_loss`, the critic's own; and `critic_weight`, `critic_weight * w`.
        """
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
            "critic_loss": hinge_discriminator_loss(real_scores, scores) + sum_losses(self.critic),
            "critic_weight": weight,
        }

    def optimized_variables(self):
        if self.critic is None:
            return super().optimized_variables()
        critic = {"critic_optimizer": self.critic.trainable_variables}
        return {**super().optimized_variables(), **critic}

    def compile(self, optimizer="adam", *, critic_optimizer=None, **kwargs):
        """As in `CompiledModel.compile`.

        Args:
            optimizer: Keras optimizer, or its name, for encoder and decoder.
            critic_optimizer: Another one, for the critic, if there is one; by default `"adam"`.
            **kwargs: The other arguments of the model's `compile`.

        Raises:
            ValueError: There is no critic to optimise, or both are the same object.
        """
        if self.critic is not None:
            kwargs["critic_optimizer"] = critic_optimizer or "adam"
        elif critic_optimizer is not None:
            raise ValueError(
                "`critic_optimizer` needs a model with a `critic`: pass one to the model, such as "
                f"`wae_tf.costs.PatchCritic`. Received: critic_optimizer={critic_optimizer!r}"
            )
        super().compile(optimizer, **kwargs)
