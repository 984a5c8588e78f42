"""Write docs/explanation/cost.md: `python -m tools.cost`. A test says when it is out of date."""

from tools.cost.page import PAGE, page

PAGE.write_text(page(), "utf-8")
