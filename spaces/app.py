"""The explorer as a Space of a Hugging Face hub; the variable MODELS names what it shows.

`MODELS="mnist_vae hf://user/name"`: names of the zoo or addresses on the hub, by spaces, the first
one first. The models of the zoo follow.
"""

import os

from wae_tf.explorer import Shelf
from wae_tf.explorer.page import build_page
from wae_tf.explorer.serving import launch_options

models = os.environ.get("MODELS", "").split() or ["mnist_wae_mmd_2d"]
page = build_page(Shelf(models), models[0])
page.queue(default_concurrency_limit=4)

if __name__ == "__main__":
    page.launch(**launch_options())
