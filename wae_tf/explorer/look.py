"""How the page looks, and what it does in the browser."""

__all__ = ["CSS", "MAP_SCRIPT", "TILES_SCRIPT", "theme"]

CSS = """
.gradio-container { max-width: min(1120px, 100%) !important; margin: 0 auto !important; }
.gradio-container, .gradio-container :is(.main, .wrap, .contain, .column) { min-width: 0; }
.wae-head h1 { font-size: 1.5rem; margin: 0; }
.wae-head p { margin: 0.2rem 0 0; color: var(--body-text-color-subdued); }
.wae-line { align-items: flex-end !important; }
.wae-pixels { image-rendering: pixelated; }
.wae-figure { margin: 0; text-align: center; }
.wae-figure img { width: 100%; max-width: 320px; margin: 0 auto; border-radius: 6px; }
.wae-figure figcaption { margin-top: 0.4rem; font-size: 0.9rem; }
.wae-figure figcaption span { margin-right: 0.5rem; }
.wae-row { display: grid; grid-template-columns: repeat(auto-fit, minmax(110px, 1fr)); gap: 12px; }
.wae-tiles {
  display: grid; gap: 4px; margin-bottom: 0.5rem;
  grid-template-columns: repeat(auto-fill, minmax(72px, 1fr));
}
.wae-fixed { max-width: 340px; margin-inline: auto; }
.wae-tiles button {
  padding: 0; border: 0; background: none; cursor: pointer; line-height: 0;
  margin: 0 !important; border-radius: 4px; outline-offset: 1px; box-shadow: none;
}
.wae-tiles img { width: 100%; border-radius: 4px; margin: 0 !important; }
.wae-tiles button:hover { outline: 2px solid var(--color-accent-soft); }
.wae-tiles button[aria-pressed="true"] { outline: 3px solid var(--color-accent); }
.wae-tiles button:focus-visible, .wae-map:focus-visible {
  outline: 3px solid var(--body-text-color);
}
.wae-notice {
  position: fixed; inset: auto 1rem 1rem; max-width: 640px; margin: 0 auto; z-index: 50;
  padding: 0.8rem 1rem; border-radius: 6px; color: #fff; background: #8c1d18;
}
#wae-frame [role="alert"] { color: var(--error-text-color); }
.wae-ends { align-items: center; }
.wae-strip { display: flex; border-radius: 6px; overflow: hidden; }
.wae-strip img { flex: 1 1 0; min-width: 0; }
.wae-framed { width: 100%; max-height: 320px; display: block; }
.wae-map { max-width: 560px; margin: 0 auto; touch-action: none; cursor: crosshair; }
.wae-map svg { width: 100%; display: block; border-radius: 6px; background: #fff; }
.wae-map svg > circle { stroke: #fff; stroke-width: 0.003; }
.wae-cross circle { fill: none; stroke: #000; stroke-width: 0.018; }
.wae-cross circle + circle { stroke: #fff; stroke-width: 0.008; }
.wae-legend { display: flex; flex-wrap: wrap; gap: 4px 14px; list-style: none; padding: 0; }
.wae-legend span {
  display: inline-block; width: 0.8em; height: 0.8em; border-radius: 50%; margin-right: 0.4em;
}
.wae-facts { margin: 0; }
.wae-facts div {
  padding: 0.35rem 0; border-bottom: 1px solid var(--border-color-primary);
  display: grid; grid-template-columns: 11rem 1fr; gap: 0.5rem;
}
.wae-facts dt { color: var(--body-text-color-subdued); }
.wae-facts dd { margin: 0; }
.wae-facts dd span { color: var(--body-text-color-subdued); }
.wae-chosen { display: flex; align-items: center; gap: 12px; min-height: 64px; }
.wae-chosen img { width: 64px; height: 64px; object-fit: contain; border-radius: 6px; }
.wae-chosen p { margin: 0; line-height: 1.35; }
.wae-chosen small { color: var(--body-text-color-subdued); }
.wae-card table { display: block; overflow-x: auto; border: 0; font-size: 0.85rem; }
.wae-card :is(td, th) {
  border-color: var(--border-color-primary); overflow-wrap: normal; word-break: normal;
}
.wae-card td:first-child { min-width: 12rem; }
.wae-card img { max-width: 100%; border-radius: 6px; }
.wae-card pre { overflow-x: auto; }
@media (max-width: 640px) {
  .gradio-container > .main { padding: 12px !important; }
  .wae-facts div { grid-template-columns: 1fr; gap: 0; }
  .wae-figure img { max-width: 260px; }
  .wae-ends { display: grid !important; grid-template-columns: 1fr 1fr; }
  .wae-ends > :nth-child(2) { order: -1; grid-column: 1 / -1; }
  .wae-ends > * { min-width: 0 !important; }
  .wae-ends > :not(:nth-child(2)) img { max-width: 120px; }
  .gradio-container .tab-container button { padding-inline: 7px; font-size: 0.84rem; }
  .wae-tiles { grid-template-columns: repeat(auto-fill, minmax(56px, 1fr)); }
}
"""

# `element` is where the pictures are; its content is replaced, so it alone is listened to.
TILES_SCRIPT = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('[data-index]');
  if (!button) return;
  element.querySelectorAll('[data-index]').forEach(
    (other) => other.setAttribute('aria-pressed', String(other === button)));
  trigger('pick', { index: Number(button.dataset.index) });
});
"""

MAP_SCRIPT = """
let x = 0, y = 0, dragging = false;
const show = () => {
  const cross = element.querySelector('.wae-cross');
  if (cross) cross.setAttribute('transform', `translate(${x} ${-y})`);
};
const go = (toX, toY) => {
  x = Math.max(-1, Math.min(1, toX));
  y = Math.max(-1, Math.min(1, toY));
  show();
  trigger('point', { x, y });
};
const follow = (event) => {
  const box = element.querySelector('.wae-map svg').getBoundingClientRect();
  go(2 * (event.clientX - box.left) / box.width - 1,
    1 - 2 * (event.clientY - box.top) / box.height);
};
element.addEventListener('pointerdown', (event) => {
  const map = event.target.closest('.wae-map');
  if (!map) return;
  map.focus({ preventScroll: true });
  map.setPointerCapture(event.pointerId);
  dragging = true;
  follow(event);
});
element.addEventListener('pointermove', (event) => { if (dragging) follow(event); });
for (const name of ['pointerup', 'pointercancel'])
  element.addEventListener(name, () => { dragging = false; });
element.addEventListener('keydown', (event) => {
  const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  const move = moves[event.key];
  if (!move || !event.target.closest('.wae-map')) return;
  event.preventDefault();
  const step = event.shiftKey ? 0.2 : 0.04;
  go(x + step * move[0], y + step * move[1]);
});
watch('value', show);
"""


def theme():
    """Returns the page's Gradio theme: fonts of the visitor's machine, plain labels.

    Text beside the labels is dark enough to read: 7 to 1 on the page's ground.
    """
    import gradio as gr

    soft = gr.themes.Soft(
        primary_hue="blue",
        font=("system-ui", "-apple-system", "Segoe UI", "sans-serif"),
        font_mono=("ui-monospace", "Consolas", "monospace"),
    )
    return soft.set(
        block_title_background_fill="none",
        block_title_background_fill_dark="none",
        block_title_padding="0",
        block_title_text_color="*body_text_color",
        block_label_background_fill="none",
        block_label_background_fill_dark="none",
        block_label_text_color="*body_text_color",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_300",
        block_info_text_color="*neutral_600",
        block_info_text_color_dark="*neutral_300",
    )
