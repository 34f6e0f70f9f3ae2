"""What is installed: a wheel holds every file of the packages, not the modules alone."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
LEFT_OUT = {"__pycache__"}


def test_the_wheel_holds_every_file_of_the_packages(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=60)
    (wheel,) = tmp_path.glob("*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    files = (file for package in ("gateway", "adapters") for file in (ROOT / package).rglob("*") if file.is_file())
    wanted = {file.relative_to(ROOT).as_posix() for file in files if not LEFT_OUT & set(file.parts)}
    assert wanted - inside == set()
    assert "adapters/smpp/scenarios/ovhcloud.yaml" in wanted
