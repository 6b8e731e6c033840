"""The folders are read alone as they are read with all the settings."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from daemon.errors import SettingsError
from daemon.settings import load
from daemon.settings.catalogue import by_name
from daemon.settings.folders import FOLDERS, read_folders
from daemon.settings.names import distance

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    "environ",
    [
        {"HOME": "/home/a"},
        {"HOME": "/home/a", "CONDORD_STATE_DIR": "~/here"},
        {"HOME": "/home/a", "CONDORD_STATE_DIR": "relative", "CONDORD_LOG_DIR": "/logs"},
        {"STATE_DIRECTORY": "/var/lib/condord", "LOGS_DIRECTORY": "/var/log/condord:/b", "RUNTIME_DIRECTORY": "/run/c"},
        {"HOME": "/home/a", "RUNTIME_DIRECTORY": "/run/c", "CONDORD_RUNTIME_DIR": "/run/d"},
    ],
)
def test_they_are_those_of_all_settings(environ: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "my.env"
    file.write_text("CONDORD_LOG_DIR=/from/file\nOTHER=1\nCONDORD_CONDOR_DTE_TARGET=30\n")

    for files in ([], [file]):
        alone, settings = read_folders(files, environ), load(files, environ)
        assert [getattr(alone, name) for name in FOLDERS] == [getattr(settings, name) for name in FOLDERS]


def test_other_settings_that_are_wrong_do_not_matter() -> None:
    found = read_folders([], {"HOME": "/home/a", "CONDORD_CONDOR_DTE_TARGET": "banana"})

    assert found.state_dir == Path("/home/a/.local/state/condord")


@pytest.mark.parametrize(
    ("environ", "part"),
    [
        ({"HOME": "/a", "CONDORD_STAET_DIR": "/b"}, "did you mean CONDORD_STATE_DIR?"),
        ({"HOME": "/a", "CONDOR_RUNTIME_DIR": "/b"}, "did you mean CONDORD_RUNTIME_DIR?"),
        ({"HOME": "/a", "CONDORD_LOG_DIR": ""}, "CONDORD_LOG_DIR is empty"),
        ({}, "neither STATE_DIRECTORY nor HOME"),
    ],
)
def test_what_cannot_be_meant_is_refused(environ: dict[str, str], part: str) -> None:
    with pytest.raises(SettingsError, match=part.replace("?", r"\?")):
        read_folders([], environ)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="does not exist"):
        read_folders([tmp_path / "none.env"], {"HOME": "/a"})


def test_no_other_setting_is_taken_for_a_folder_misspelled() -> None:
    folders = {f"CONDORD_{name.upper()}" for name in FOLDERS}

    assert all(distance(name, folder) > 2 for name in by_name().keys() - folders for folder in folders)


def test_reading_them_imports_no_model_of_the_settings() -> None:
    code = "import sys, daemon.settings.folders; print({'pydantic', 'numpy', 'dotenv'} & sys.modules.keys())"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)

    assert done.stdout == "set()\n"
