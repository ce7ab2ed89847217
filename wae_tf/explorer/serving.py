"""Serving the page: where, to whom, and without a word to anybody else."""

import errno
import ipaddress
import logging
import socket
import sys

from wae_tf.explorer.guard import NoProxy
from wae_tf.explorer.look import CSS, theme
from wae_tf.explorer.uploads import MAX_BYTES

__all__ = ["free_port", "is_local", "launch_options", "serve"]

_TRIES = 100


def is_local(host):
    """Returns whether an address can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # A name: of which machine, a resolver alone knows.
        return False


def free_port(host, port):
    """Returns the first port from `port` on that nobody listens at.

    Raises:
        OSError: The address is none of this machine's, or a hundred ports are in use.
    """
    last = min(port + _TRIES, 2**16)
    for candidate in range(port, last):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((host, candidate))
            except PermissionError:
                continue
            except OSError as error:
                if candidate == port and error.errno != errno.EADDRINUSE:
                    raise OSError(
                        error.errno,
                        "`host` must be an address of this machine, such as 127.0.0.1 or, for "
                        f"all of its networks, 0.0.0.0. Received: host={host!r}",
                    ) from error
                continue
        return candidate
    raise OSError(
        f"A port must be free: choose another `port`. Received: {port}, and those up to "
        f"{last - 1} are in use"
    )


def launch_options():
    """Returns what `gradio.Blocks.launch` needs for this page, wherever it runs.

    Fonts are those of the visitor's machine, uploads are bounded, and nobody can ask for a file
    of the server, or make it ask other hosts.
    """
    from starlette.middleware import Middleware

    return {
        "theme": theme(),
        "css": CSS,
        "max_file_size": MAX_BYTES,
        "allowed_paths": [],
        "app_kwargs": {"middleware": [Middleware(NoProxy)]},
        "footer_links": [],
        "show_error": False,
        "share": False,
        "ssr_mode": False,
        "enable_monitoring": False,
    }


def serve(page, host="127.0.0.1", port=7860, block=True):
    """Serves the page until it is interrupted.

    Args:
        page: What `build_page` returned.
        host: Address to listen at. Any but this machine's own is warned of.
        port: First port to try.
        block: Whether to wait; else the server goes on in threads of its own until
            `page.close()`.

    Returns:
        The page's address.

    Raises:
        OSError: As in `free_port`.

    Example:
        >>> serve(build_page(Shelf(["mnist_vae"]), "mnist_vae"))
    """
    found = free_port(host, port)
    if found != port:
        print(f"Port {port} is in use; taking {found}.", flush=True)
    if not is_local(host):
        print(
            f"Warning: whoever can reach {host}:{found} can use this page, without a password. "
            "Models can be chosen from its list only.",
            file=sys.stderr,
            flush=True,
        )
    logging.getLogger("httpx").setLevel(logging.WARNING)  # The page asks itself whether it runs.
    page.queue(default_concurrency_limit=4)
    page.launch(
        server_name=host,
        server_port=found,
        quiet=True,
        prevent_thread_lock=True,
        inbrowser=False,
        **launch_options(),
    )
    address = f"http://{f'[{host}]' if ':' in host else host}:{found}"
    print(f"Open {address} in a browser; Ctrl-C ends it.", flush=True)
    if block:
        page.block_thread()
    return address
