"""Requests that grow in one direction: what a stranger may send to make the relay work.

`python -m tests.shapes` prints the processor time of each at 1 MB, for the presets where one takes longest.
"""

import gzip
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from relay.pipeline.accept import accept
from tests import every_preset
from tests.conftest import NOW, http_api_event

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"
SECONDS = 0.3  # of processor, for 1 MB

Headers = Mapping[str, str]
Shape = Callable[[str, Headers, int], dict[str, Any]]
"""A request to a path, with the headers of its sender, of some bytes."""


def _body(content_type: str, unit: str, before: str = "", after: str = "") -> Shape:
    def shape(path: str, headers: Headers, size: int) -> dict[str, Any]:
        body = before + unit * (size // len(unit.encode())) + after
        return http_api_event(path, body.encode(), {**headers, "content-type": content_type})

    return shape


def _encoded(unit: bytes, *, members: bool = False) -> Shape:
    def shape(path: str, headers: Headers, size: int) -> dict[str, Any]:
        body = gzip.compress(unit) * (size // 20) if members else gzip.compress(unit * (size * 100))
        return http_api_event(path, body, {**headers, "content-type": JSON, "content-encoding": "gzip"})

    return shape


def _token(path: str, headers: Headers, size: int) -> dict[str, Any]:
    return http_api_event(path, (b"W" * (size // 2) + b"." + b"W" * (size // 2)), headers)


def _headers(filler: str) -> Shape:
    """Every header of the sender goes on, so that whatever a scheme splits, decodes or signs is long."""

    def shape(path: str, headers: Headers, size: int) -> dict[str, Any]:
        more = filler * (size // len(filler) // max(1, len(headers)))
        return http_api_event(path, b"{}", {name: value + more for name, value in headers.items()})

    return shape


def _named_often(path: str, headers: Headers, size: int) -> dict[str, Any]:
    signed = "x-contentful-timestamp,x-contentful-signed-headers" + ",a" * (size // 4)
    more = {"a": "a" * (size // 2), "x-contentful-signed-headers": signed}
    return http_api_event(path, b"{}", {**headers, **more})


def _charset(path: str, headers: Headers, size: int) -> dict[str, Any]:
    return http_api_event(path, b"{}", {**headers, "content-type": "a" + "; charset" * (size // 9)})


def _many_headers(path: str, headers: Headers, size: int) -> dict[str, Any]:
    return http_api_event(path, b"{}", {**headers, **{f"ce-{n}": "%41" for n in range(size // 12)}})


def _query(unit: str) -> Shape:
    return lambda path, headers, size: http_api_event(
        path, b"{}", headers, query=unit * (size // len(unit)), method="POST"
    )


def _path(path: str, headers: Headers, size: int) -> dict[str, Any]:
    return http_api_event(path + "/%41" * (size // 4), b"{}", headers)


_PART = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
_SNS = f'"Type":"Notification","SignatureVersion":"2","TopicArn":"{every_preset.TOPIC}","Signature":"AAAA"'
_SNS += ',"SigningCertURL":"https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-a.pem","Timestamp":""'
_ADYEN = '{"NotificationRequestItem":{"amount":{"value":1}}},'
SHAPES: Mapping[str, Shape] = {
    "an open string with escaped quotes": _body(JSON, '\\"', "[" * 1001 + '"'),
    "an open string": _body(JSON, "a", "[" * 1001 + '"'),
    "open brackets": _body(JSON, "["),
    "nested objects": _body(JSON, '{"a":'),
    "empty lists": _body(JSON, "[],", "[", "[]]"),
    "empty objects": _body(JSON, "{},", "[", "{}]"),
    "digits": _body(JSON, "9"),
    "numbers": _body(JSON, "1,", "[", "1]"),
    "decimal numbers": _body(JSON, "1.5,", "[", "1]"),
    "numbers of 3,999 digits": _body(JSON, "9" * 3999 + ",", "[", "1]"),
    "names": _body(JSON, '{"a":1},', "[", "{}]"),
    "escapes": _body(JSON, "\\u0041", '"', '"'),
    "items of Microsoft Graph": _body(JSON, '{"clientState":""},', '{"value":[', "{}]}"),
    "items of Adyen": _body(JSON, _ADYEN, '{"notificationItems":[', _ADYEN[:-1] + "]}"),
    "a message of SNS": _body(JSON, "é", "{" + _SNS + ',"MessageId":"a","Message":"', '"}'),
    "fields of a form": _body(FORM, "a=1&"),
    "one field of a form": _body(FORM, "%41", "a="),
    "semicolons of a form": _body(FORM, "a=1;"),
    "parts": _body(MULTIPART, _PART, "", "--b--"),
    "parts inside parts": _body(MULTIPART, "Content-Type: message/rfc822\r\n\r\n", "--b\r\n"),
    "semicolons of a part": _body(
        MULTIPART, ";", '--b\r\nContent-Disposition: form-data; name="', "\r\n\r\n1\r\n--b--"
    ),
    "lines": _body(MULTIPART, "\r\n", "--b\r\nContent-Type: message/delivery-status\r\n\r\n"),
    "boundaries": _body(MULTIPART, "--b\r\n"),
    "a gzip body of zeros, a hundred times its size": _encoded(b"\x00"),
    "gzip members of nothing": _encoded(b"", members=True),
    "a token": _token,
    "segments of a token": _body(JSON, "eyJ9."),
    "commas in headers": _headers(","),
    "dots in headers": _headers("."),
    "equal signs in headers": _headers("=,v1=a t=1;"),
    "quotes in headers": _headers('\\"'),
    "one header named often": _named_often,
    "parameters of a content type": _charset,
    "headers": _many_headers,
    "parameters of a query": _query("a=1&"),
    "one parameter of a query": _query("%41"),
    "segments of a path": _path,
}


def _measure(size: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        config = every_preset.load(Path(folder))
    for name, shape in SHAPES.items():
        found = []
        for route in config.routes:
            event = shape(route.path, every_preset.plausible_headers(route), size)
            begun = time.process_time()
            response, _ = accept(event, every_preset.Reached().services(config), NOW, lambda: 29)
            found.append((time.process_time() - begun, route.name, response["statusCode"]))
        worst = sorted(found, reverse=True)[:3]
        print(f"{name:40}", *(f"{seconds:.3f} s {who} {status}" for seconds, who, status in worst), sep="  ")
        if worst[0][0] > SECONDS:
            print(f"{'':40}  more than {SECONDS} s")


if __name__ == "__main__":
    _measure(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
