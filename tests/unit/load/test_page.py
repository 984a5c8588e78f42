"""The page about load is what the saved figures make of it."""

from xml.etree import ElementTree as ET

from tools.load import page, plot, webhooks

SVG = "{http://www.w3.org/2000/svg}"


def test_the_page_about_load_and_its_pictures_are_current() -> None:
    assert page.PAGE.read_text("utf-8") == page.page(), "make load writes it anew"
    assert {name: (page.PICTURES / name).read_text("utf-8") for name in page.pictures()} == page.pictures()


def test_a_curve_goes_up_and_to_the_right_within_the_picture() -> None:
    picture = plot.by_percentile({"a & b": [(0, 0.001), (90, 0.01), (99.99, 0.5)], "c": [(0, 0.002), (99, 0.002)]})
    root = ET.fromstring(picture)
    up, flat = ([pair.split(",") for pair in line.attrib["points"].split()] for line in root.iter(f"{SVG}polyline"))
    assert [float(x) for x, _ in up] == sorted(float(x) for x, _ in up)
    assert [float(y) for _, y in up] == sorted((float(y) for _, y in up), reverse=True)
    assert len({y for _, y in flat}) == 1
    assert all(0 <= float(x) <= plot.WIDTH and 0 <= float(y) <= plot.HEIGHT for x, y in up + flat)
    assert "a & b" in {text.text for text in root.iter(f"{SVG}text")}


def test_every_webhook_has_its_number_and_the_same_length() -> None:
    bodies = [webhooks.body(number) for number in (0, 7, 999_999_999)]
    assert [webhooks.number_of(body) for body in bodies] == [0, 7, 999_999_999]
    assert len({len(body) for body in bodies}) == 1
