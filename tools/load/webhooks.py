"""The webhooks of a run: a GitHub push of 7 KB, each with a number of its own, signed as GitHub signs."""

import hmac
import re

from bench import events

PATH = "/github"
_REST = events.PUSH.read_bytes().lstrip().removeprefix(b"{")
_HEAD = (
    "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nUser-Agent: GitHub-Hookshot/load\r\n"
    "X-GitHub-Event: push\r\nX-GitHub-Delivery: {number:032x}\r\nX-Hub-Signature-256: sha256={signature}\r\n"
    "Content-Length: {length}\r\n\r\n"
)
_NUMBER = re.compile(rb'"load_id":\s*"([0-9]+)"')


def body(number: int) -> bytes:
    """Return the body of the webhook of that number."""
    return b'{"load_id":"%012d",%b' % (number, _REST)


def request(number: int, path: str, host: str, secret: str = events.SECRET) -> bytes:
    """Return the whole HTTP request, signed with the route's secret."""
    content = body(number)
    signature = hmac.digest(secret.encode(), content, "sha256").hex()
    head = _HEAD.format(path=path, host=host, number=number, signature=signature, length=len(content))
    return head.encode() + content


def number_of(text: bytes) -> int:
    """Return the number of the webhook that became this event. Raise ValueError if there is none."""
    found = _NUMBER.search(text)
    if not found:
        raise ValueError("the event has no load_id: it is not of a webhook of ours")
    return int(found[1])
