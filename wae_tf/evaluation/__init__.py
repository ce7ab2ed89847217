"""Numbers and pictures of a trained model, as dict, JSON and one HTML page."""

from wae_tf.evaluation.gallery import gallery
from wae_tf.evaluation.pipeline import evaluate
from wae_tf.evaluation.report import html_report

__all__ = ["evaluate", "gallery", "html_report"]
