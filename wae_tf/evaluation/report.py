"""One HTML page that needs no other file."""

import base64
import html

from wae_tf.diagnosis import Findings
from wae_tf.evaluation.labels import BETTER, GROUPS, describe
from wae_tf.evaluation.progress import details, number, uncertainty

__all__ = ["html_report"]

_STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; background: #f5f5f3; color: #222; font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1040px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 27px; margin: 0 0 2px; }
h2 { font-size: 19px; margin: 40px 0 10px; }
p { margin: 6px 0; }
.lead { color: #666; margin-bottom: 20px; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(260px, 1fr)); gap: 14px 20px;
     background: #fff; border: 1px solid #ddd; border-radius: 8px; padding: 16px 20px; margin: 0; }
dt { color: #666; font-size: 13px; }
dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; background: #fff; border: 1px solid #ddd; border-radius: 8px; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 7px 14px; vertical-align: top; }
thead th { color: #666; font-weight: 500; font-size: 13px; border-bottom: 1px solid #ccc; }
tbody tr + tr td { border-top: 1px solid #eee; }
.group th { background: #fafaf8; border-top: 1px solid #ccc; font-size: 14px; padding-top: 12px; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.number strong { font-weight: 600; }
.better { white-space: nowrap; }
.meaning, .spread { color: #666; font-size: 13px; }
code { font: 12px/1.4 ui-monospace, monospace; color: #555; }
.note { border-left: 4px solid #D55E00; background: #fff; padding: 10px 16px; margin: 14px 0;
        border-radius: 0 8px 8px 0; }
figure { margin: 0 0 18px; background: #fff; border: 1px solid #ddd; border-radius: 8px;
         padding: 10px; }
figure img { max-width: 100%; height: auto; display: block; }
footer { color: #666; font-size: 13px; margin-top: 36px; }
"""


def html_report(results, pictures):
    """Makes a page of results and pictures, with style and images inside.

    Args:
        results: What `evaluate` returns.
        pictures: Dict from title to the bytes of a PNG file.

    Returns:
        HTML text.

    Example:
        >>> results = wae_tf.evaluate(model, test_images, train=train_images)
        >>> figure = plots.samples(model.sample(16, seed=0))
        >>> text = html_report(results, {"samples": plots.as_png(figure)})
    """
    title = f"Evaluation of {results['model']['name']}"
    parts = [
        f"<h1>{_text(title)}</h1>",
        f"<p class='lead'>{_text(_lead(results))}</p>",
        _facts(results),
        *_findings(results.get("diagnosis")),
        *(f"<p class='note'><b>Warning.</b> {_text(text)}</p>" for text in results["warnings"]),
        *(
            f"<p class='note'><b>Not measured:</b> {_text(name)}. {_text(text)}</p>"
            for name, text in results["errors"].items()
        ),
        "<h2>Numbers</h2>",
        _table(results),
        "<p class='meaning'>The floor of a metric is its value between two disjoint sets of real "
        "images of the same size, or for codes of prior draws: samples that could not be told "
        "from real images would have about that value. After &plusmn; the standard deviation over "
        "the seeds of the samples; in brackets a 95% bootstrap interval over images.</p>",
        "<h2>Pictures</h2>" if pictures else "",
        *(_figure(name, png) for name, png in pictures.items()),
        _footer(results),
    ]
    return (
        "<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{_text(title)}</title><style>{_STYLE}</style></head>\n<body><main>\n"
        + "\n".join(part for part in parts if part)
        + "\n</main></body></html>\n"
    )


def _lead(results):
    sampler = results["sampler"]["kind"]
    source = "the prior" if sampler == "prior" else f"the fitted sampler '{sampler}'"
    seeds = len(results["seeds"])
    sets = "1 set" if seeds == 1 else f"{seeds} sets"
    return (
        f"{sets} of {results['n']:,} samples from {source}, compared with {results['n']:,} of "
        f"{results['data']['images']:,} held-out images."
    )


def _facts(results):
    model, train, features = results["model"], results["train"], results["features"]
    shape = " x ".join(map(str, model["image_shape"]))
    facts = {
        "Model": f"{model['class']}, {model['params']:,} parameters",
        "Images": f"{shape}, codes of {model['latent_dim']} dimensions",
        "Held-out images": f"{results['data']['images']:,}",
        "Training images": "none given" if train is None else _count(train["images"]),
        "Features": "none"
        if features is None
        else f"{features['name']}, {features['dim']} numbers",
        "Time": f"{results.get('seconds', 0):,.0f} seconds",
    }
    items = "".join(f"<div><dt>{_text(k)}</dt><dd>{_text(v)}</dd></div>" for k, v in facts.items())
    return f"<dl>{items}</dl>"


def _findings(diagnosis):
    """Yields a note for each finding, the worst first."""
    for finding in Findings.from_dict(diagnosis) if diagnosis else ():
        title = "Not recommended, because" if finding.failing else "Finding:"
        yield (
            f"<p class='note'><b>{title}</b> {_text(finding.found)} (<code>{finding.name}</code> "
            f"{number(finding.number)}, threshold {finding.threshold:g}). "
            f"{_text(finding.advice)}</p>"
        )


def _count(images):
    return "a data set" if images is None else f"{images:,}"


def _table(results):
    groups = {group: [] for group in [*GROUPS, "Others"]}
    for name, record in results["metrics"].items():
        group, label, meaning = describe(name)
        groups[group].append(_row(label, meaning, record))
    body = "".join(
        f"<tr class='group'><th colspan='5'>{_text(group)}</th></tr>" + "".join(rows)
        for group, rows in groups.items()
        if rows
    )
    head = (
        "<tr><th>Metric</th><th class='number'>Value</th><th class='number'>Floor</th>"
        "<th>Better</th><th class='number'>Images</th></tr>"
    )
    return f"<div class='scroll'><table><thead>{head}</thead><tbody>{body}</tbody></table></div>"


def _row(label, meaning, record):
    spread = uncertainty(record).replace("+-", "\u00b1")
    notes = [meaning, *details(record)]
    return (
        f"<tr><td>{_text(label)}<br><span class='meaning'>{_text('; '.join(filter(None, notes)))}"
        f"</span></td><td class='number'><strong>{number(record['value'])}</strong>"
        f"<br><span class='spread'>{_text(spread)}</span></td>"
        f"<td class='number'>{number(record['floor'])}</td>"
        f"<td class='better'>{BETTER[record['better']]}</td>"
        f"<td class='number'>{record['n']:,}</td></tr>"
    )


def _figure(title, png):
    data = base64.b64encode(png).decode("ascii")
    return f"<figure><img alt='{_text(title)}' src='data:image/png;base64,{data}'></figure>"


def _footer(results):
    hashes = {"held-out images": results["data"]["sha256"]}
    if results["train"] is not None:
        hashes["training images"] = results["train"]["sha256"]
    if results["features"] is not None:
        hashes[f"feature network {results['features']['name']}"] = results["features"]["sha256"]
    lines = "".join(
        f"<br>{_text(name)}: <code>{_text(value)}</code>" for name, value in hashes.items() if value
    )
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    seeds = ", ".join(map(str, results["seeds"]))
    return (
        f"<footer>Made by {_text(versions)}; seeds of samples: {seeds}. SHA-256 of what was "
        f"compared: {lines}</footer>"
    )


def _text(value):
    return html.escape(str(value))
