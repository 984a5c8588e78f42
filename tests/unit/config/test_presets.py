"""The presets, read one by one."""

import tomllib

from relay.config import presets


def test_each_preset_alone_is_what_the_whole_file_says() -> None:
    whole = tomllib.loads(presets.PATH.read_text("utf-8"))
    assert dict(presets.load()) == whole
    assert len(whole) > 160
    assert "none-such" not in presets.load()
