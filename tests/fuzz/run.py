"""``make fuzz SECONDS=…``: the targets under atheris, one after the other, each for its share of the time.

atheris looks for octets that lead where none led before. What it finds is kept in .fuzz/<target> and begun with the
next time; octets that break something are written to .fuzz/crash-<target>-…, and the exit status is 1: make a test of
them in tests/adapters/test_robustness.py, then cure it.
"""

import argparse
import subprocess
import sys
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[2]
KEPT = ROOT / ".fuzz"
LONGEST = 4096  # octets of an input


def main() -> int:
    """Run all targets, or one in this process; 1 when something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for all of them together")
    parser.add_argument("--target", help="this one only, in this process")
    args = parser.parse_args()
    if args.target:
        return _one(args.target, args.seconds)
    from tests.fuzz.targets import TARGETS

    share = max(1, args.seconds // len(TARGETS))
    failed = [name for name in TARGETS if _in_a_process(name, share)]
    print(f"found something in {', '.join(failed)}: see {KEPT}" if failed else f"{len(TARGETS)} targets, nothing found")
    return bool(failed)


def _in_a_process(name: str, seconds: int) -> int:
    """A target in a process of its own, which libFuzzer ends; its exit status."""
    print(f"== {name}: {seconds} s", flush=True)
    command = [sys.executable, "-m", "tests.fuzz.run", "--target", name, "--seconds", str(seconds)]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def _one(name: str, seconds: int) -> int:
    atheris = import_module("atheris")
    with atheris.instrument_imports(include=["adapters", "gateway", "yaml"]):
        targets = import_module("tests.fuzz.targets")
        seeds = import_module("tests.fuzz.seeds")
    corpus = KEPT / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds.SEEDS[name]()):
        (corpus / f"seed-{number:03}").write_bytes(seed)
    limits = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", "-timeout=5", "-rss_limit_mb=2048"]
    where = [f"-artifact_prefix={KEPT}/crash-{name}-", str(corpus)]
    atheris.Setup([sys.argv[0], *limits, *where], targets.TARGETS[name])
    atheris.Fuzz()  # ends the process
    return 0


if __name__ == "__main__":
    sys.exit(main())
