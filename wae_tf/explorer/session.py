"""What ties the tabs together: one visitor's model and chosen image, and who follows them."""

import functools
import html
import logging

import gradio as gr

from wae_tf.explorer import markup
from wae_tf.explorer.drawing import draw_codes

__all__ = ["Page"]


class Page:
    """Collects what tabs call, and connects it once all of them are there.

    Nothing of a visitor is kept here: `session` is a `gr.State`, of which each visitor has
    their own. It holds a dict: `model`, the name of the model; `code`, the code of the image
    that is worked on, a tuple of floats; `what`, what to call that image.

    Functions that tabs hand over take an `Opened` model and the session's dict, then the values
    of their inputs, and return one value for each output.

    Args:
        shelf: `Shelf` of the models.
        examples: `ExampleSource`.
        first: Name of the model that is shown first.
        chosen: `gr.HTML` that shows the chosen image.
        notice: `gr.HTML` that says what did not work: Gradio shows no message of an event that
            goes past its queue.
    """

    # Straight to the function, past the queue; of many events while one runs, the last counts.
    quick = {  # noqa: RUF012
        "queue": False,
        "show_progress": "hidden",
        "trigger_mode": "always_last",
        "api_visibility": "private",
    }

    def __init__(self, shelf, examples, first, chosen, notice):
        self.shelf, self.examples, self.first, self.notice = shelf, examples, first, notice
        self.session = gr.State(None, time_to_live=3600)
        self._on_model, self._after_model = [], []
        self._on_code = [(self._show_chosen, [], [chosen])]
        self._choosers = []

    def on_model(self, function, outputs):
        """Calls a function when the model changes."""
        self._on_model.append((function, [], outputs))

    def after_model(self, function, inputs, outputs):
        """Likewise, once the page shows the new model: for what takes its time."""
        self._after_model.append((function, inputs, outputs))

    def on_code(self, function, inputs, outputs):
        """Calls a function when another image is chosen, or the model changes."""
        self._on_code.append((function, inputs, outputs))

    def shows(self, listener, function, inputs, outputs):
        """Calls a function on an event; with one output it returns that one value alone.

        `listener` may be a list: of events that share outputs and are listened to one by one, the
        later could be answered first, and leave the picture of the earlier.
        """
        self._quickly(listener, self._of_model(function), inputs, outputs)

    def shows_event(self, listener, function, inputs, outputs):
        """Likewise, with the event's data as third argument."""

        def handler(event: gr.EventData, session, *values):
            return function(self.shelf.get(session["model"]), session, event, *values)

        self._quickly(listener, handler, inputs, outputs)

    def chooses(self, listener, function, inputs):
        """Makes an event choose an image.

        `function` also gets the event's data, as third argument, and returns the image's code
        and what to call it.
        """
        self._choosers.append((listener, function, inputs))

    def _of_model(self, function):
        def handler(session, *values):
            return function(self.shelf.get(session["model"]), session, *values)

        return handler

    def _quickly(self, listener, handler, inputs, outputs):
        listen = functools.partial(gr.on, listener) if isinstance(listener, list) else listener
        listen(
            _noted(handler, len(outputs)),
            [self.session, *inputs],
            [*outputs, self.notice],
            **self.quick,
        )

    def wire(self, blocks, choice):
        """Connects what was collected.

        Args:
            blocks: The `gr.Blocks` of the page.
            choice: `gr.Dropdown` of models.
        """
        for listener, function, inputs in self._choosers:
            self._wire_chooser(listener, function, inputs)
        followers = [*self._on_model, *self._on_code]
        inputs, outputs = _joined(followers)
        opening = {"show_progress": "minimal", "api_visibility": "private"}

        def open_first(session, *values):
            return self._opened(self.first, followers, values)

        def open_other(name, session, *values):
            try:
                return [gr.skip(), *self._opened(name, followers, values)]
            except (ValueError, OSError, ImportError) as error:
                gr.Warning(_words(error), title="This model cannot be shown", duration=30)
                return [session["model"], *[gr.skip()] * (1 + len(outputs))]

        steps = (
            blocks.load(
                _guarded(open_first), [self.session, *inputs], [self.session, *outputs], **opening
            ),
            choice.input(
                _guarded(open_other),
                [choice, self.session, *inputs],
                [choice, self.session, *outputs],
                **opening,
            ),
        )
        for step in steps:
            for function, inputs_after, outputs_after in self._after_model:
                step.then(
                    _guarded(self._of_model(function)),
                    [self.session, *inputs_after],
                    outputs_after,
                    **opening,
                )

    def _wire_chooser(self, listener, function, inputs):
        follower_inputs, outputs = _joined(self._on_code)

        def handler(event: gr.EventData, session, *values):
            opened = self.shelf.get(session["model"])
            code, what = function(opened, session, event, *values[: len(inputs)])
            session = {**session, "code": tuple(map(float, code)), "what": what}
            return [session, *_follow(self._on_code, opened, session, values[len(inputs) :])]

        self._quickly(listener, handler, [*inputs, *follower_inputs], [self.session, *outputs])

    def _opened(self, name, followers, values):
        """Returns the session of a new model, and what all that follow it show."""
        opened = self.shelf.get(name)
        code = draw_codes(opened.model, 1, sampler=opened.sampler)[0]
        what = f"Sample 1 of 1, seed 0, {opened.sampler}"
        session = {"model": name, "code": tuple(map(float, code)), "what": what}
        return [session, *_follow(followers, opened, session, values)]

    def _show_chosen(self, opened, session):
        image = opened.model.decode([session["code"]])[0]
        what = html.escape(session["what"])
        return (
            f'<div class="wae-chosen" aria-live="polite">{markup.image(image, "")}'
            f"<p><small>You work on</small><br>{what}</p></div>"
        )


def _follow(followers, opened, session, values):
    """Calls followers, each with its part of the values, and joins what they return."""
    results, values = [], list(values)
    for function, inputs, outputs in followers:
        result = function(opened, session, *values[: len(inputs)])
        del values[: len(inputs)]
        results += [result] if len(outputs) == 1 else result
    return results


def _joined(followers):
    inputs = [component for _, inputs, _ in followers for component in inputs]
    return inputs, [component for _, _, outputs in followers for component in outputs]


def _guarded(function):
    """Turns errors into messages over the page: for events that wait in the queue."""

    @functools.wraps(function)
    def guarded(*arguments):
        try:
            return function(*arguments)
        except Exception as error:
            text = _words(error)
        raise gr.Error(text, duration=20, print_exception=False, title="That did not work")

    return guarded


def _noted(function, n):
    """Adds an output to `n`: empty, or what did not work, in words; then the others stay."""

    @functools.wraps(function)
    def noted(*arguments):
        try:
            result = function(*arguments)
        except Exception as error:
            notice = f'<div class="wae-notice" role="alert">{_words(error)}</div>'
            return [*[gr.skip()] * n, notice]
        return [*([result] if n == 1 else result), ""]

    return noted


def _words(error):
    """Says an error as HTML; what nobody foresaw is logged, not shown."""
    if isinstance(error, OSError) and not isinstance(error, ConnectionError):
        # Its text may name files of this machine; what is said of the hub is ours.
        return f"A file could not be read ({error.strerror or type(error).__name__})."
    if isinstance(error, (ValueError, ConnectionError, ImportError)):
        return html.escape(str(error))
    logging.error("The page could not do what was asked", exc_info=error)
    return f"Something went wrong ({type(error).__name__}); what follows may still work."
