"""A server on the loopback that speaks as much of the hub's API as down- and uploads need."""

import base64
import contextlib
import hashlib
import http.server
import json
import threading
import urllib.parse

COMMIT = "0123456789abcdef0123456789abcdef01234567"
_ERRORS = {401: "RepoNotFound", 404: "EntryNotFound"}


class Hub:
    """What the server holds, and what it was asked for.

    Attributes:
        files: Dict from path in the repository `ada/digits` to bytes; None if it is not there.
        commit: What `main` stands for; `v1` stands for the first.
        private: Whether the repository is.
        token: What requests must carry, or None.
        status: Dict from path, or from a call among "create", "commit", "lfs" and "info", to an
            HTTP status to answer with.
        cut: Set of such, of which half is sent, or nothing, before the connection closes.
        sizes: Dict from path to the bytes that its head claims.
        asked: List of pairs of method and path, or call, in order.
    """

    def __init__(self):
        self.files, self.commit, self.private, self.token = {}, COMMIT, False, None
        self.status, self.cut, self.sizes, self.asked = {}, set(), {}, []
        self.history, self.blobs, self.messages = {}, {}, []

    def at(self, revision):
        """Returns the files of a revision, or None."""
        if revision in ("main", self.commit) or (revision == "v1" and not self.history):
            return self.files
        return self.history.get(COMMIT if revision == "v1" else revision)

    def add_commit(self, lines):
        """Takes the lines of a commit as the hub's API has them."""
        files = dict(self.files)
        for line in lines:
            value = line["value"]
            if line["key"] == "header":
                self.messages.append(value["summary"])
            elif line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.blobs[value["oid"]]
            elif line["key"] == "deletedFile":
                del files[value["path"]]
        self.history[self.commit] = self.files
        content = repr(sorted((k, hashlib.sha1(v).hexdigest()) for k, v in files.items()))
        self.files, self.commit = files, hashlib.sha1(content.encode()).hexdigest()


def use(monkeypatch, address, cache):
    """Sends `huggingface_hub` of this process to a server, with a cache of its own."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", address)
    monkeypatch.setattr(
        constants,
        "HUGGINGFACE_CO_URL_TEMPLATE",
        address + "/{repo_id}/resolve/{revision}/{filename}",
    )
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)  # Which this server does not speak.
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda _: None)


@contextlib.contextmanager
def serve(hub):
    """Runs the server in a thread, and yields its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_HEAD(self):
            self.answer()

        do_GET = do_POST = do_PUT = do_HEAD

        def answer(self):
            self.body = self.received()
            path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path).strip("/")
            if path.startswith("lfs/"):  # Such addresses are signed, and need no token.
                return self.store(path.removeprefix("lfs/"))
            if hub.token and self.headers.get("Authorization") != f"Bearer {hub.token}":
                return self.refuse(401, "RepoNotFound")
            for prefix, call in (
                ("api/repos/create", self.create),
                ("api/validate-yaml", lambda _: self.json({})),
                ("api/models/ada/digits/tree/", self.tree),
                ("api/models/ada/digits/preupload/", self.preupload),
                ("api/models/ada/digits/commit/", self.commit),
                ("api/models/", self.info),
                ("ada/digits.git/info/lfs/objects/batch", self.batch),
            ):
                if path.startswith(prefix):
                    return call(path.removeprefix(prefix))
            return self.resolve(path)

        def received(self):
            """Returns the body of a request, sent whole or in chunks."""
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

        def failed(self, call):
            """Answers with what the test wants a call to fail by, and says if there is any."""
            hub.asked.append((self.command, call))
            if call in hub.cut:
                self.close_connection = True
                return True
            if call in hub.status:
                self.refuse(hub.status[call])
            return call in hub.status

        def create(self, _):
            if self.failed("create"):
                return None
            asked = json.loads(self.body)
            assert (asked["organization"], asked["name"]) == ("ada", "digits")
            if hub.files is not None:
                return self.refuse(409)
            hub.files = {}
            hub.private = asked.get("visibility") == "private" or asked.get("private", False)
            return self.json({"url": f"{address}/ada/digits"})

        def info(self, name):
            if self.failed("info"):
                return None
            repository, _, revision = name.partition("/revision/")
            if repository != "ada/digits" or hub.files is None:
                return self.refuse(404, "RepoNotFound")
            if hub.at(revision or "main") is None:
                return self.refuse(404, "RevisionNotFound")
            names = [{"rfilename": path} for path in hub.files]
            about = {"id": repository, "sha": hub.commit, "private": hub.private}
            return self.json({**about, "siblings": names, "tags": [], "downloads": 0, "likes": 0})

        def tree(self, revision):
            files = hub.at(revision)
            return self.json(
                [
                    {
                        "type": "file",
                        "path": path,
                        "size": len(content),
                        "oid": hashlib.sha1(content).hexdigest(),
                    }
                    for path, content in files.items()
                ]
            )

        def preupload(self, _):
            modes = [
                {
                    "path": file["path"],
                    "uploadMode": "lfs" if file["path"].endswith(".h5") else "regular",
                    "shouldIgnore": False,
                }
                for file in json.loads(self.body)["files"]
            ]
            return self.json({"files": modes})

        def batch(self, _):
            objects = [
                {**asked, "actions": {"upload": {"href": f"{address}/lfs/{asked['oid']}"}}}
                for asked in json.loads(self.body)["objects"]
            ]
            return self.json({"transfer": "basic", "objects": objects})

        def store(self, oid):
            if self.failed("lfs"):
                return None
            assert hashlib.sha256(self.body).hexdigest() == oid
            hub.blobs[oid] = self.body
            return self.json({})

        def commit(self, _):
            if self.failed("commit"):
                return None
            hub.add_commit(list(map(json.loads, self.body.splitlines())))
            return self.json(
                {"commitUrl": f"{address}/ada/digits/commit/{hub.commit}", "commitOid": hub.commit}
            )

        def resolve(self, path):
            repository, _, rest = path.partition("/resolve/")
            revision, _, name = rest.partition("/")
            if not name:  # Of nothing that is tested: the library asks for other things, too.
                return self.refuse(404)
            hub.asked.append((self.command, name))
            files = hub.at(revision) if hub.files is not None else None
            if repository != "ada/digits" or hub.files is None:
                return self.refuse(404, "RepoNotFound")
            if files is None:
                return self.refuse(404, "RevisionNotFound")
            if name in hub.status or name not in files:
                return self.refuse(hub.status.get(name, 404))
            content = files[name]
            self.send_response(200)
            commit = hub.commit if files is hub.files else revision
            self.send_header("X-Repo-Commit", COMMIT if revision == "v1" else commit)
            self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
            self.send_header("Content-Length", str(hub.sizes.get(name, len(content))))
            self.end_headers()
            if self.command == "GET" and name in hub.cut:
                self.wfile.write(content[: len(content) // 2])
                self.wfile.flush()
                self.close_connection = True
            elif self.command == "GET":
                self.wfile.write(content)
            return None

        def json(self, value):
            content = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def refuse(self, status, error=None):
            self.send_response(status)
            if error or status in _ERRORS:
                self.send_header("X-Error-Code", error or _ERRORS[status])
            self.send_header("Content-Length", "0")
            self.end_headers()

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield address
        finally:
            server.shutdown()
            thread.join()
