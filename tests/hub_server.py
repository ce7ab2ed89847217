"""A server on the loopback that speaks as much of the hub's API as downloads need."""

import contextlib
import hashlib
import http.server
import threading

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """What the server holds, and what it was asked for.

    Attributes:
        files: Dict from path in the repository `ada/digits` to bytes.
        status: Dict from path to an HTTP status to answer with, instead of the file.
        cut: Set of paths of which half is sent before the connection closes.
        sizes: Dict from path to the bytes that its head claims.
        asked: List of pairs of method and path, in order.
    """

    def __init__(self):
        self.files, self.status, self.cut, self.sizes, self.asked = {}, {}, set(), {}, []


_ERRORS = {401: "RepoNotFound", 404: "EntryNotFound"}


@contextlib.contextmanager
def serve(hub):
    """Runs the server in a thread, and yields its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_HEAD(self):
            self.answer(body=False)

        def do_GET(self):
            self.answer(body=True)

        def answer(self, body):
            repository, _, rest = self.path.strip("/").partition("/resolve/")
            revision, _, name = rest.partition("/")
            hub.asked.append((self.command, name))
            status, error = hub.status.get(name), None
            if repository != "ada/digits":
                status, error = 404, "RepoNotFound"
            elif revision not in ("main", "v1", COMMIT):
                status, error = 404, "RevisionNotFound"
            elif status is None and name not in hub.files:
                status = 404
            if status is not None:
                return self.refuse(status, error or _ERRORS.get(status))
            content = hub.files[name]
            self.send_response(200)
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
            self.send_header("Content-Length", str(hub.sizes.get(name, len(content))))
            self.end_headers()
            if body and name in hub.cut:
                self.wfile.write(content[: len(content) // 2])
                self.wfile.flush()
                self.close_connection = True
            elif body:
                self.wfile.write(content)
            return None

        def refuse(self, status, error):
            self.send_response(status)
            if error:
                self.send_header("X-Error-Code", error)
            self.send_header("Content-Length", "0")
            self.end_headers()

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
