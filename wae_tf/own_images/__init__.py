"""A model of your own images: what to train is chosen for them and for the machine.

```python
import wae_tf

model = wae_tf.own_images.train("photos", "runs/photos", image_size=64)
```

trains, measures what it made on images that it held out, and writes a zoo entry with a card.
`wae-train --config=image_folder` is the same. `choose` shows what would be trained, and why,
without training.
"""

from wae_tf.own_images.choosing import choose, chooses, with_given
from wae_tf.own_images.runs import train

__all__ = ["choose", "chooses", "train", "with_given"]
