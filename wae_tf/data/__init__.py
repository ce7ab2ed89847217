"""Images from TFDS, folders, zip files, npz files or arrays to training batches.

`load_images` reads a source into one uint8 array, in memory or in a file that stays;
`batches` turns such an array into a `tf.data.Dataset`; `load` does both:

```python
import wae_tf.data

dataset = wae_tf.data.load("faces.zip", image_shape=(64, 64, 3), crop=(140, 140))
```

Importing this package imports neither TensorFlow Datasets nor Pillow: each is
needed only by the sources that read through it.
"""

from wae_tf.data.arrays import fingerprint
from wae_tf.data.batching import batches
from wae_tf.data.loading import load, load_images
from wae_tf.data.real_images import with_real_images

__all__ = ["batches", "fingerprint", "load", "load_images", "with_real_images"]
