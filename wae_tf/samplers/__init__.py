"""Samplers of codes that are fitted after training, and are better than the prior.

Where Q_Z differs from P_Z, prior draws fall where the decoder has learnt nothing. A density
fitted to the codes of the training images (ex-post density estimation, [1]) does not:

```python
import wae_tf

model = wae_tf.load("mnist_wae_mmd")
wae_tf.samplers.fit(model, images, kind="gmm", components=10)
model.sample(16, seed=0, sampler="gmm")
```

`"gmm"` is a Gaussian mixture, `"flow"` a masked autoregressive flow, `"two_stage"` a second
auto-encoder, on codes. `save_entry` saves fitted samplers with the weights, `load` brings
them back.

[1] Ghosh et al., *From Variational to Deterministic Autoencoders*, ICLR 2020,
arXiv:1903.12436.
"""

from wae_tf.samplers.base import Sampler
from wae_tf.samplers.codes import draw_codes
from wae_tf.samplers.fitting import KINDS, fit, fit_codes
from wae_tf.samplers.storage import read, write

__all__ = ["KINDS", "Sampler", "draw_codes", "fit", "fit_codes", "read", "write"]
