"""`python -m relay_local.post [URL]`: post the samples, freshly signed, to a relay; the default is `make run`."""

import sys
from collections.abc import Iterable, Iterator

import httpx

from relay_local import samples
from relay_local.process import HOST, progress
from relay_local.proxy import WEBHOOKS_PORT
from relay_local.samples import Sample


def post(url: str, webhooks: Iterable[Sample]) -> Iterator[tuple[Sample, httpx.Response]]:
    """Post each sample and return it with its answer; print a line for each."""
    for sample in webhooks:
        answer = httpx.post(url + sample.path, content=sample.body, headers=sample.signed(), timeout=60)
        progress(f"POST {sample.path:9} {sample.name:24} {answer.status_code}  {_outcome(answer)}")
        yield sample, answer


def _outcome(answer: httpx.Response) -> str:
    if answer.status_code != httpx.codes.ACCEPTED:
        return answer.text
    counts = {place.replace("_", "-"): number for place, number in answer.json().items() if place != "entries"}
    return ", ".join(f"{place} {number}" for place, number in counts.items())


def main() -> None:
    """Post the samples; exit with code 1 unless every answer is 202."""
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
