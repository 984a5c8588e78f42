"""`python -m local.post [URL]`: posts the samples, freshly signed, to a running relay; `make run` is the default."""

import sys
from collections.abc import Iterable, Iterator

import httpx

from local import samples
from local.process import HOST, progress
from local.proxy import WEBHOOKS_PORT
from local.samples import Sample


def post(url: str, posted: Iterable[Sample]) -> Iterator[tuple[Sample, httpx.Response]]:
    """Each sample with its answer, told as it comes."""
    for sample in posted:
        answer = httpx.post(url + sample.path, content=sample.body, headers=sample.signed(), timeout=60)
        progress(f"POST {sample.path:9} {sample.name:24} {answer.status_code}  {_told(answer)}")
        yield sample, answer


def _told(answer: httpx.Response) -> str:
    if answer.status_code != httpx.codes.ACCEPTED:
        return answer.text
    told = answer.json()
    return f"accepted {told['accepted']}, queued {told['queued']}, dead-lettered {told['dead_lettered']}"


def main() -> None:
    """Exit code 1 unless every answer is 202."""
    url = sys.argv[1] if len(sys.argv) > 1 else f"http://{HOST}:{WEBHOOKS_PORT}"
    try:
        refused = [
            sample.name for sample, answer in post(url, samples.load()) if answer.status_code != httpx.codes.ACCEPTED
        ]
    except httpx.TransportError as error:
        sys.exit(f"post: {url} does not answer ({error}); is `make run` up?")
    sys.exit(bool(refused))


if __name__ == "__main__":
    main()
