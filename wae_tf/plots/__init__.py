"""Pictures of models, as matplotlib Figures that nobody has shown or written yet.

```python
import wae_tf
from wae_tf import plots

model = wae_tf.load("mnist_wae_mmd")
plots.samples(model.sample(64, seed=0))
figure = plots.latent_scatter(model.encode(images), model.prior.sample(1000, (0, 0)), labels)
plots.save("latent.png", figure)
```

Functions take arrays, whatever model they come from. They use no pyplot: after
`%matplotlib inline` a notebook shows a Figure that is a cell's last value once.
"""

from wae_tf.plots.code_plots import aggregate_posterior, latent_scatter
from wae_tf.plots.grids import interpolations, nearest_neighbours, reconstructions, samples
from wae_tf.plots.history import losses
from wae_tf.plots.output import as_array, as_png, save
from wae_tf.plots.planes import least_gaussian_plane, principal_plane
from wae_tf.plots.spectra import power_spectra
from wae_tf.plots.walks import closed_walk, random_directions

__all__ = [
    "aggregate_posterior",
    "as_array",
    "as_png",
    "closed_walk",
    "interpolations",
    "latent_scatter",
    "least_gaussian_plane",
    "losses",
    "nearest_neighbours",
    "power_spectra",
    "principal_plane",
    "random_directions",
    "reconstructions",
    "samples",
    "save",
]
