"""`wordvec explore`: a map of any number of words, served to a browser on this machine."""

import os
import webbrowser
from contextlib import suppress

import click

from wordvec_cli.cli.options import limit_option, progress_options
from wordvec_cli.cli.output import write_stdout
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import VectorSource, vector_options
from wordvec_cli.errors import OutputError


@click.command(short_help="Walk through a map of millions of words in a browser.")
@click.argument("vectors")
@limit_option("Show N words at a time: of those in sight, the most frequent.", 20_000, 200_000)
@click.option(
    "--port", type=click.IntRange(1, 65535), metavar="N", help="The port to serve on.  [default: any that is free]"
)
@click.option("--no-browser", is_flag=True, help="Only print the address; open no browser.")
@vector_options
@progress_options
@click.pass_obj
def command(
    terminal: Terminal, /, *, vectors: str, limit: int, port: int | None, no_browser: bool, source: VectorSource
) -> None:
    """Serve the map of wordvec map to a browser on this machine, for VECTORS too large for one page. Ctrl-C ends it.

    All words are there: nearer by, rarer words come in sight, and neighbours are looked for among all. The server
    listens to this machine alone, and answers only the address that is printed.

    \b
    wordvec explore vectors.safetensors
    wordvec index vectors.safetensors; wordvec explore vectors.safetensors
    """
    from wordvec_cli.show.exploring import Explorer
    from wordvec_cli.show.serving import MapServer

    embeddings = source.open(vectors, terminal)
    explorer = Explorer(os.path.basename(vectors), embeddings, limit, terminal.note, terminal.report)
    terminal.close()
    try:
        server = MapServer(explorer, port or 0)
    except OSError as error:
        raise OutputError(f"--port {port}: {(error.strerror or str(error)).lower()}; choose another") from None
    with server, suppress(KeyboardInterrupt):
        write_stdout([f"{server.address}\n".encode()])
        terminal.note("open this address in a browser of this machine; Ctrl-C ends")
        if not no_browser:
            webbrowser.open(server.address)
        server.serve_forever(poll_interval=0.2)
