"""What is written about a model, for the page: its card, without files to fetch."""

import base64
import re

from wae_tf.cards import model_card
from wae_tf.cards.markdown import table
from wae_tf.zoo import hub

__all__ = ["card_text"]

_PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)]*)\)")
_KINDS = {".png": "png", ".jpg": "jpeg"}


def card_text(opened):
    """Returns the card of an `Opened` model as Markdown, its pictures in the text itself.

    Of a zoo entry or run it is what `wae_tf.cards.model_card` makes of it now; of a `.keras`
    file, which has no entry, what the model itself tells. Only pictures that lie beside the
    entry are shown.
    """
    if opened.directory is None:
        return _of_model(opened)
    text = _PICTURE.sub(lambda match: _inline(opened.directory, *match.groups()), _card(opened))
    return re.sub(r"\n{3,}", "\n\n", text)


def _card(opened):
    if not hub.is_address(opened.name):
        return model_card(opened.name)
    card = model_card(opened.name, address=opened.name)
    return re.sub(r"\A# .*", f"# {opened.name}", card)  # Not that of a folder of the cache.


def _inline(directory, alt, name):
    path = directory / name
    kind = _KINDS.get(path.suffix.lower())
    if not re.fullmatch(r"[\w-]+\.\w+", name) or kind is None or not path.is_file():
        return ""
    content = base64.b64encode(path.read_bytes()).decode()
    return f"![{alt}](data:image/{kind};base64,{content})"


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
