"""The option --cluster as the library takes it."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from wordvec_cli.cluster.members import ClusterOptions


def cluster_options(address: str, threads: int, tmp_dir: str | None) -> "ClusterOptions":
    """threads  as the command has them; where nobody gave them, each worker takes what its machine has"""
    from click.core import ParameterSource

    from wordvec_cli.cluster.members import ClusterOptions

    source = click.get_current_context().get_parameter_source("threads")
    return ClusterOptions(address, None if source is ParameterSource.DEFAULT else threads, tmp_dir)
