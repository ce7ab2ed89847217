"""What is written about a model, for the page: its card, without files to fetch."""

import base64
import html
import re

from wae_tf.cards import model_card
from wae_tf.cards.markdown import table

__all__ = ["card_pictures", "card_text"]

_PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)]*)\)")
_KINDS = {".png": "png", ".jpg": "jpeg"}


def card_text(opened):
    """Returns the card of an `Opened` model as Markdown, without its pictures.

    Of a zoo entry or run it is what `wae_tf.cards.model_card` makes of it now; of a `.keras`
    file, which has no entry, what the model itself tells.
    """
    if opened.directory is None:
        return _of_model(opened)
    return re.sub(r"\n{3,}", "\n\n", _PICTURE.sub("", model_card(opened.name)))


def card_pictures(opened):
    """Returns the card's pictures as HTML; only files that lie beside the entry."""
    if opened.directory is None:
        return ""
    figures = []
    for alt, name in _PICTURE.findall(model_card(opened.name)):
        path = opened.directory / name
        kind = _KINDS.get(path.suffix.lower())
        if not re.fullmatch(r"[\w-]+\.\w+", name) or kind is None or not path.is_file():
            continue
        content = base64.b64encode(path.read_bytes()).decode()
        text = html.escape(alt)
        figures.append(
            f'<figure><img src="data:image/{kind};base64,{content}" alt="{text}">'
            f"<figcaption>{text}</figcaption></figure>"
        )
    return "".join(figures)


def _of_model(opened):
    model = opened.model
    rows = [
        ["Class", type(model).__name__],
        ["Images", " x ".join(map(str, model.image_shape))],
        ["Dimension of codes", str(model.latent_dim)],
        ["Prior", str(model.get_config()["prior"])],
        ["Cost", str(model.get_config()["cost"])],
        ["Parameters of the encoder", f"{model.encoder.count_params():,}"],
        ["Parameters of the decoder", f"{model.decoder.count_params():,}"],
    ]
    return (
        f"# {type(model).__name__}\n\nA `.keras` file has no card: measurements, data and licence "
        f"are not recorded in it.\n\n{table(['What', 'Value'], rows)}"
    )
