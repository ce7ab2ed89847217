"""Model cards and the table of the zoo, made from what lies in the entries."""

from wae_tf.cards.model_card import model_card, write_card
from wae_tf.cards.publishing import push_to_hub
from wae_tf.cards.zoo_table import write_zoo_table, zoo_table

__all__ = ["model_card", "push_to_hub", "write_card", "write_zoo_table", "zoo_table"]
