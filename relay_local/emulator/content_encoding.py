"""What API Gateway does with a request whose body has a Content-Encoding; the emulator looks at the Content-Type alone.

Assumed for HTTP APIs, because their documentation does not say: the body comes as base64, as load balancers document it
(https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html), whose list of text types
HTTP APIs share.
"""

import gzip
import json
import zlib
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from ministack.services import apigateway, apigateway_v1

_encoded: ContextVar[bool] = ContextVar("encoded", default=False)


def pass_encoded_bodies_as_base64() -> None:
    """Let HTTP APIs pass every encoded body on as base64, byte for byte."""
    invoke, is_text = apigateway._invoke_lambda_proxy, apigateway._v2_request_body_is_text

    async def invoke_lambda_proxy(*arguments: Any, **named: Any) -> Any:
        headers: dict[str, str] = arguments[5]
        _encoded.set(bool(headers.get("content-encoding")))
        return await invoke(*arguments, **named)

    apigateway._invoke_lambda_proxy = invoke_lambda_proxy
    apigateway._v2_request_body_is_text = lambda content_type: not _encoded.get() and is_text(content_type)


def decode_as_rest_apis_do() -> None:
    """Let REST APIs decode bodies, leave the header as it was, and answer 415 to what they cannot decode.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-make-request-with-compressed-payload.html,
    and of the header: https://github.com/dougmoscrop/serverless-http/issues/194
    """
    execute = apigateway_v1.handle_execute

    async def handle_execute(  # noqa: PLR0913, PLR0917 - the signature of the function that it replaces
        api_id: str, stage: str, method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Any:
        try:
            body = _decode(body, headers.get("content-encoding", "identity"))
        except (KeyError, EOFError, OSError, zlib.error):
            return 415, {"Content-Type": "application/json"}, json.dumps({"message": "Unsupported Media Type"}).encode()
        return await execute(api_id, stage, method, path, headers, body, query)

    apigateway_v1.handle_execute = handle_execute


def _decode(body: bytes, encoding: str) -> bytes:
    decoders: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.decompress, "deflate": zlib.decompress}
    return body if encoding.lower() == "identity" else decoders[encoding.lower()](body)
