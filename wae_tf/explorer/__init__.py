"""Looking at a model: what the page of `wae-explore` shows, as functions on models and arrays.

```python
from wae_tf import explorer

opened = explorer.open_model("celeba_wae_mmd")
codes = explorer.draw_codes(opened.model, 2, sampler="gmm", temperature=0.8)
faces = opened.model.decode(explorer.way(opened.model, *codes, [0.0, 0.5, 1.0]))
```

The page itself, `wae_tf.explorer.page` and `wae_tf.explorer.serving`, needs Gradio:
`pip install wae_tf[explore]`.
"""

from wae_tf.explorer.analysis import Analysis, Typicality, analyse, nearest, typicality
from wae_tf.explorer.directions import Directions, principal_directions
from wae_tf.explorer.drawing import draw_codes
from wae_tf.explorer.opening import Opened, Shelf, open_model
from wae_tf.explorer.planes import CodePlane, plane_of
from wae_tf.explorer.uploads import crop_box, prepare, read_image
from wae_tf.explorer.walks import great_circle, neighbourhood, straight_line, way

__all__ = [
    "Analysis",
    "CodePlane",
    "Directions",
    "Opened",
    "Shelf",
    "Typicality",
    "analyse",
    "crop_box",
    "draw_codes",
    "great_circle",
    "nearest",
    "neighbourhood",
    "open_model",
    "plane_of",
    "prepare",
    "principal_directions",
    "read_image",
    "straight_line",
    "typicality",
    "way",
]
