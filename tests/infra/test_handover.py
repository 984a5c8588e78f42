"""A customer who uses the CDK takes the template into a stack, as the page says."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from relay.handover.render import Form, render
from relay_local.process import ROOT
from tests.unit.destinations.destinations import destination

PAGE = ROOT / "docs/how-to/connect-as-a-customer.md"


def test_the_app_of_the_page_has_all_of_the_template_and_its_own_topic(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = render(destination(detail_types=("order.*", '"${AWS::Region}"')), Form.CLOUDFORMATION)
    (tmp_path / "c42.yaml").write_text(text)
    [code] = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(code, names)
    made = names["app"].synth().get_stack_by_name("PartnerEvents").template["Resources"]
    wanted = yaml.compose(text)
    assert isinstance(wanted, yaml.MappingNode)
    [resources] = [value for key, value in wanted.value if key.value == "Resources"]
    assert {key.value for key, _ in resources.value} == {name for name in made if not name.startswith("Alarms")}
    assert made["Events2"]["Properties"]["EventPattern"] == {"detail-type": ['"${AWS::Region}"']}
    assert made["Bus"]["Properties"]["EventSourceName"] == {"Ref": "Source"}
    [topic] = [name for name in made if name.startswith("Alarms")]
    assert made["Events1Failed"]["Properties"]["AlarmActions"] == [{"Ref": topic}]
