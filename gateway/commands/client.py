"""``vaguemestre send`` and ``preview``: one request to a running gateway, its answer printed as JSON.

The key is taken from ``$VAGUEMESTRE_KEY`` or a file, never from an argument, which other users of the machine
can see. A problem is printed with its places and cures.
"""

import argparse
import http.client
import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from gateway.exits import Exit

#: Seconds to wait for an answer.
PATIENCE = 30.0


def add_send(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``send``."""
    parser.add_argument("--to", required=True, help="the telephone number")
    parser.add_argument("--reference", help="the application's own reference")
    parser.add_argument("--idempotency-key", help="the same key and message twice: sent once")
    hold = parser.add_mutually_exclusive_group()
    hold.add_argument("--hold", action="store_true", default=None, help="wait for a person to release it")
    hold.add_argument("--no-hold", action="store_false", dest="hold", help="leave at once (needs scope release)")
    _add_message(parser)


def add_preview(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``preview``."""
    parser.add_argument("--to", help="the telephone number, when the price depends on it")
    _add_message(parser)


def _add_message(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--action", required=True, help="why: the code of an action, such as ABSENCE")
    parser.add_argument("--text", help="the text; - reads it from standard input")
    parser.add_argument("--template", help="the code of a template, instead of a text or with it")
    parser.add_argument("--var", action="append", default=[], metavar="KEY=VALUE", help="a variable; may be repeated")
    parser.add_argument("--school", help="the UAI, when the key serves several schools")
    parser.add_argument("--mode", help="economique, standard or premium")
    parser.add_argument("--sender", help="instead of the school's")
    parser.add_argument("--priority", help="alert, normal or bulk")
    parser.add_argument(
        "--url",
        default=os.environ.get("VAGUEMESTRE_URL", "http://127.0.0.1:8080"),
        help="the gateway (default: $VAGUEMESTRE_URL, http://127.0.0.1:8080)",
    )
    parser.add_argument("--key-file", type=Path, help="file of the API key (default: $VAGUEMESTRE_KEY)")


def send(args: argparse.Namespace) -> int:
    """POST /v1/messages."""
    return _ask(args, "/v1/messages", {**_message(args), "hold": args.hold, "reference": args.reference})


def preview(args: argparse.Namespace) -> int:
    """POST /v1/preview."""
    return _ask(args, "/v1/preview", _message(args))


class _Usage(Exception):
    """Wrong arguments, in a sentence."""


def _message(args: argparse.Namespace) -> dict[str, Any]:
    text = sys.stdin.read().removesuffix("\n") if args.text == "-" else args.text
    names = ("to", "action", "template", "school", "mode", "sender", "priority")
    return {**{name: getattr(args, name) for name in names}, "text": text}


def _variables(args: argparse.Namespace) -> dict[str, str]:
    pairs = [item.partition("=") for item in args.var]
    if any(not equals for _, equals, _ in pairs):
        raise _Usage("--var expects KEY=VALUE, such as --var ELEVE=Pauline")
    return {key: value for key, _, value in pairs}


def _key(args: argparse.Namespace) -> str:
    try:
        key = args.key_file.read_text("utf-8") if args.key_file else os.environ.get("VAGUEMESTRE_KEY", "")
    except (OSError, UnicodeDecodeError) as error:
        raise _Usage(f"the key file cannot be read: {error}") from error
    if not key.strip():
        raise _Usage(
            "no API key: set VAGUEMESTRE_KEY or give --key-file (keys are made by `vaguemestre apikey create`)"
        )
    return str(key.strip())


def _ask(args: argparse.Namespace, path: str, body: dict[str, Any]) -> int:
    try:
        body["variables"] = _variables(args)
        request = _request(args, path, {name: value for name, value in body.items() if value not in (None, {})})
    except _Usage as error:
        print(f"vaguemestre: {error}", file=sys.stderr)
        return Exit.USAGE
    try:
        status, answer = _exchange(request)
    except (OSError, http.client.HTTPException, ValueError) as error:
        print(f"vaguemestre: no gateway answers at {args.url}: {getattr(error, 'reason', error)}", file=sys.stderr)
        return Exit.NETWORK
    if status < 400:
        print(json.dumps(answer, ensure_ascii=False, indent=2))
        return Exit.FINE
    print(problem_text(answer), file=sys.stderr)
    return Exit.NO


def _request(args: argparse.Namespace, path: str, body: dict[str, Any]) -> urllib.request.Request:
    if not args.url.startswith(("http://", "https://")):
        raise _Usage("--url expects http://host:port or https://host")
    headers = {"Authorization": f"Bearer {_key(args)}", "Content-Type": "application/json"}
    if getattr(args, "idempotency_key", None):
        headers["Idempotency-Key"] = args.idempotency_key
    data = json.dumps(body).encode()
    return urllib.request.Request(args.url.rstrip("/") + path, data=data, headers=headers, method="POST")


def _exchange(request: urllib.request.Request) -> tuple[int, Any]:
    """The status and the JSON of the answer. Raises OSError, HTTPException, or ValueError when it is not JSON."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request, timeout=PATIENCE) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, json.load(refusal)


def problem_text(problem: Any) -> str:
    """A problem (RFC 9457) for people: title, detail, then each field with its cure."""
    if not isinstance(problem, dict):
        return "refused"
    lines = [" : ".join(str(problem[name]) for name in ("title", "detail") if problem.get(name))]
    lines += [f"  {error.get('pointer', '')} : {error.get('message', '')}" for error in problem.get("errors") or []]
    return "\n".join(line for line in lines if line.strip()) or "refused"
