"""`get`: pretrained vectors, downloaded, verified and kept."""

from wordvec_cli.api.bar import Shown, log_note, reporting
from wordvec_cli.api.face import face
from wordvec_cli.api.options import optional
from wordvec_cli.training.options import typed


@face()
def get(
    name: str,
    *,
    format: str | None = None,
    offline: bool = False,
    again: bool = False,
    progress: Shown = False,
) -> str:
    """The path of pretrained vectors, as a native file in the user's cache: downloaded if they are not there yet.

    name      of `wordvec get --list`, or an address: https://..., hf://OWNER/REPOSITORY/FILE, ADDRESS#MEMBER of a .zip
    format    where the content of the file does not tell, as `load` takes it
    offline   ask no server
    again     download what is there already
    progress  True shows a bar; a function is called with each Progress
    Raises: InputError, OutputError
    """
    from wordvec_cli.pretrained import getting
    from wordvec_cli.storage.download import Watch

    order = getting.GetOrder(
        typed("name", name, str),
        optional("format", format, str),
        typed("offline", offline, bool),
        typed("again", again, bool),
    )
    with reporting(progress) as report:
        return str(getting.get(order, Watch(report, log_note)))
