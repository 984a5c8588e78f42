"""The text in which a sender sends its signatures: one, or a list of them, with or without labels."""

from typing import NamedTuple

from relay.auth.encodings import to_bytes
from relay.errors import Unauthorized

_OWS = " \t"
_MAX_SIGNATURES = 32
_MAX_LENGTH = 8192


class SignatureList(NamedTuple):
    """How the text is written: `separator` between items, and in each a `label`, `assign` and the signature.

    Every text is empty if the sender has no such thing; each signature begins with `prefix`.
    """

    prefix: str = ""
    list_separator: str = ""
    pair_separator: str = ""
    pair_key: str = ""

    def parse(self, text: str) -> tuple[list[bytes], dict[str, str]]:
        """Return the signatures to compare, and the labeled values beside them (Stripe's `t`).

        Spaces around an item mean nothing: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.1. Raise Unauthorized if
        the text is too long, or a header that came twice.
        """
        if len(text) > _MAX_LENGTH:
            raise Unauthorized("signature too long")
        items = [item.strip(_OWS) for item in text.split(self.list_separator)] if self.list_separator else [text]
        if len(items) > _MAX_SIGNATURES:
            raise Unauthorized("too many signatures")
        if any(self._is_joined(item) for item in items):
            raise Unauthorized("a comma inside a signature: a repeated header")
        if self.pair_separator:
            signatures, labeled = self._parse_labeled(items)
        else:
            signatures = [item.removeprefix(self.prefix) for item in items if item.startswith(self.prefix)]
            signatures, labeled = [signature for signature in signatures if signature], {}
        if len(set(signatures)) < len(signatures):
            raise Unauthorized("the same signature twice: a repeated header")
        return [to_bytes(signature) for signature in signatures], labeled

    def format(self, signature: str, labeled: list[tuple[str, str]]) -> str:
        """Return the text that a sender writes, with the labeled values before the signature."""
        if not self.pair_separator:
            return self.prefix + signature
        items = [*labeled, (self.pair_key, signature)]
        return self.prefix + self.list_separator.join(f"{label}{self.pair_separator}{value}" for label, value in items)

    def _parse_labeled(self, items: list[str]) -> tuple[list[str], dict[str, str]]:
        pairs = [(label, value) for label, _, value in (item.partition(self.pair_separator) for item in items)]
        labels = [label for label, _ in pairs if label and label != self.pair_key]
        labeled = {label: value for label, value in pairs if labels.count(label) == 1}
        return [value for label, value in pairs if label == self.pair_key], labeled

    def _is_joined(self, item: str) -> bool:
        """Return True if a comma in `item` is the gateway's, which joined a header that came twice."""
        if not self.pair_separator:
            return "," in item.removeprefix(self.prefix)
        label, assign, value = item.partition(self.pair_separator)
        return "," in label + value or (assign == "," and not (label and value))
