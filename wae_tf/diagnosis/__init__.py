"""What is wrong with a model, with a number, its threshold, and what to do.

```python
import wae_tf

model = wae_tf.load("mnist_wae_mmd")
images = wae_tf.data.load_images("mnist.npz", "test", image_shape=(28, 28, 1))
print(wae_tf.diagnose(model, images))
```
"""

from wae_tf.diagnosis.evidence import FEWEST
from wae_tf.diagnosis.examination import diagnose
from wae_tf.diagnosis.findings import Finding, Findings
from wae_tf.diagnosis.limits import LIMITS

__all__ = ["FEWEST", "LIMITS", "Finding", "Findings", "diagnose"]
