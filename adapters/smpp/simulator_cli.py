"""``vaguemestre simulator``: the options of the command line are those of ``SimulatorOptions``, or a scenario's.

A scenario says everything but who is let in and where to listen: what contradicts it is refused.
"""

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict, fields
from functools import partial
from math import inf
from typing import get_args

from adapters.smpp.scenario import Scenario
from adapters.smpp.scenario_file import load_scenario, shipped_files
from adapters.smpp.script import Alphabet
from adapters.smpp.simulator import Simulator
from adapters.smpp.simulator_options import SimulatorOptions
from gateway.yamlfile.problem import ConfigError, ConfigProblem

_HELP = {
    "host": "address to listen on",
    "port": "port to listen on; 0 takes a free one",
    "system_id": "the only system_id let in; any if not given",
    "password": "the only password let in; any if not given",
    "name": "the simulator's own system_id",
    "latency": "seconds before each answer",
    "receipt_delay": "seconds from a submit to its receipt",
    "receipt_window": "unanswered receipts at most on one session",
    "receipt_retry": "seconds before a refused receipt comes again",
    "receipt_tlvs": "receipts carry receipted_message_id and message_state",
    "receipts": "send receipts",
    "undelivered": "share of the messages that are not delivered, 0 to 1",
    "mo_reply": "share of the messages that telephones reply to, 0 to 1",
    "mo_text": "what they reply, such as STOP",
    "rate": "parts per second, beyond which ESME_RTHROTTLED; 0 has no limit",
    "no_answer": "share of the submits taken but not answered, 0 to 1",
    "no_answer_every": "every so many submits, one is not answered; 0 never",
    "cut_every": "every so many submits, the connection is cut; 0 never",
    "default_alphabet": "alphabet of texts under data_coding 0: gsm, latin1 or ascii",
    "packed": "septets are packed",
    "hex_ids": "hexadecimal ids in answers, decimal in receipts",
    "first_id": "id of the first message; 0 takes it from the clock",
    "response_timeout": "seconds that a receipt waits for its answer",
    "enquire_link": "seconds of silence before an enquire_link",
    "remember": "submits kept in memory",
    "speed": "how many times faster than the clock all its times go",
    "seed": "of everything left to chance",
}


_CHOICES = {"default_alphabet": get_args(Alphabet)}
#: Options of which 0 means nothing.
_ABOVE_ZERO = frozenset({"enquire_link", "response_timeout", "receipt_window", "speed"})
#: Options that may be given beside a scenario.
BESIDE = frozenset({"host", "port", "system_id", "password", "name", "first_id", "remember", "seed", "speed"})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add every option to a parser."""
    parser.add_argument("--scenario", metavar="FILE", help="a bad day to rehearse: a YAML file, or a name of --list")
    parser.add_argument("--list", action="store_true", help="list the scenarios that come with the program, and end")
    defaults = asdict(SimulatorOptions(port=2775))
    for option in fields(SimulatorOptions):
        flag, default = f"--{option.name.replace('_', '-')}", defaults[option.name]
        text = f"{_HELP[option.name]} (default: {default!r})"
        if isinstance(default, bool):
            parser.add_argument(flag, action=argparse.BooleanOptionalAction, default=default, help=_HELP[option.name])
        else:
            parser.add_argument(
                flag, type=_kind(option.name, default), choices=_CHOICES.get(option.name), default=default, help=text
            )


def _kind(name: str, default: object) -> Callable[[str], object]:
    """What reads the value of an option, and complains of it."""
    if "share" in _HELP[name]:
        return _share
    if isinstance(default, int | float):
        return partial(_amount, type(default), name in _ABOVE_ZERO)
    return type(default)


def _share(value: str) -> float:
    share = float(value)
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError("a share is between 0 and 1, for example 0.05")
    return share


def _amount(kind: type[int | float], above_zero: bool, value: str) -> int | float:
    try:
        amount = kind(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{value} is not a {'whole ' * (kind is int)}number") from None
    if not amount >= 0 or (above_zero and not amount) or amount == inf:  # also what is not a number
        raise argparse.ArgumentTypeError(f"must be {'more than 0' if above_zero else '0 or more'}")
    return amount


async def main(args: argparse.Namespace) -> int:
    """Run until SIGINT or SIGTERM, then print a summary as one line of JSON.

    0; 2 when the scenario is wrong; 4 when it cannot listen.
    """
    options = SimulatorOptions(**{option.name: getattr(args, option.name) for option in fields(SimulatorOptions)})
    try:
        if args.list:
            print(listing())
            return 0
        scenario = _scenario(args.scenario, options)
    except ConfigError as error:
        print(f"{error}\nThe scenario is refused: {len(error.problems)} to cure.", file=sys.stderr)
        return 2
    return await _run(options, scenario)


async def _run(options: SimulatorOptions, scenario: Scenario | None) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        async with Simulator(options, scenario) as simulator:
            about = f": {scenario.about}" if scenario and scenario.about else ""
            print(f"SMSC simulator listening on {options.host}:{simulator.port}{about}", file=sys.stderr, flush=True)
            await stop.wait()
    except OSError as error:
        print(f"cannot listen on {options.host}:{options.port}: {error.strerror or error}", file=sys.stderr)
        return 4
    print(summary(simulator))
    return 0


def _scenario(name: str | None, options: SimulatorOptions) -> Scenario | None:
    """The scenario that was asked for, None for that of the options. Raises ConfigError."""
    if name is None:
        return None
    scenario, defaults = load_scenario(name), asdict(SimulatorOptions())
    said = [key for key, value in asdict(options).items() if key not in BESIDE and value != defaults[key]]
    if said:
        flags = ", ".join(f"--{key.replace('_', '-')}" for key in said)
        raise ConfigError([ConfigProblem(name, 0, "", f"the scenario says all of this: leave out {flags}")])
    return scenario.under(options)


def listing() -> str:
    """The scenarios that come with the program, a line each."""
    found = [(file.stem, load_scenario(str(file)).about) for file in shipped_files()]
    width = max(len(name) for name, _ in found)
    return "\n".join(f"{name:{width}}  {about}" for name, about in found)


def summary(simulator: Simulator) -> str:
    """What happened, without a single telephone number."""
    counts = asdict(simulator.counts)
    destinations = counts.pop("destinations")
    return json.dumps(counts | {"destinations": len(destinations)})
