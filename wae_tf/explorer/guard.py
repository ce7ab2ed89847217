"""Keeps the page's server from fetching anything elsewhere for whoever asks it to."""

__all__ = ["NoProxy"]


class NoProxy:
    """Refuses the routes by which Gradio's server fetches other addresses.

    `/gradio_api/file=https://...` and `/gradio_api/proxy=...` would make the machine that serves
    the page a way to other hosts. The page uses neither.

    Args:
        app: The ASGI application that answers everything else.
    """

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http" and _leads_elsewhere(scope["path"]):
            headers = [(b"content-type", b"text/plain; charset=utf-8")]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": b"Not of this page."})
        else:
            await self.app(scope, receive, send)


def _leads_elsewhere(path):
    _, found, rest = path.lower().partition("/file=")
    return "/proxy=" in path.lower() or bool(found and ":" in rest.split("/")[0])
