"""Downloads through pooch, with one progress bar for all files."""

import logging
import warnings
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


def fetch(address: str, folder: Path, files: dict[str, str], *, progress: bool) -> None:
    """Download files and check the SHA-256 of each before it enters the folder.

    Parameters
    ----------
    address
        Address of the remote folder.
    folder
        Where the files go; made if need be. What was finished stays if a later file fails.
    files
        File names and their SHA-256.
    progress
        Whether to show a progress bar on standard error.

    Raises
    ------
    OSError
        If the network fails (requests' errors are OSErrors).
    ValueError
        If a file's checksum is not the expected one.
    """
    with warnings.catch_warnings():
        # Its own progress bar, not used here, complains in a notebook without widgets.
        warnings.filterwarnings("ignore", "IProgress not found")
        import pooch

    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel(logging.WARNING)
    bar = Progress(
        TextColumn("Downloading the paper's data"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("files"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not progress,
    )
    # Seconds to connect, and between two bytes: without a network, nobody waits half a minute.
    downloader = pooch.HTTPDownloader(timeout=(5, 30))
    try:
        with bar:
            for name in bar.track(files):
                pooch.retrieve(
                    f"{address.rstrip('/')}/{name}",
                    known_hash=f"sha256:{files[name]}",
                    fname=name,
                    path=folder,
                    downloader=downloader,
                )
    finally:
        logger.setLevel(level)
