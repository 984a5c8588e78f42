// Compile Python modules with the CPython 3.13 that Pyodide brings: `node compile.mjs FOLDER PART…`.
// FOLDER is what Lambda will have as /var/task, and each PART, a folder (".": all of it) or a module, is compiled.
import { loadPyodide } from "pyodide";

const TASK = "/var/task";
const [folder, ...parts] = process.argv.slice(2);
const python = await loadPyodide({ env: { PYTHONHASHSEED: "0" } }); // the same bytes for the same sources
python.mountNodeFS(TASK, folder);
python.globals.set("paths", python.toPy(parts.map((part) => (part === "." ? TASK : `${TASK}/${part}`))));
const compiled = python.runPython(`
import compileall, os, py_compile, sys
assert sys.version_info[:2] == (3, 13), sys.version
unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
all([
    (compileall.compile_dir if os.path.isdir(path) else compileall.compile_file)(path, quiet=1, invalidation_mode=unchecked)
    for path in paths
])
`);
process.exit(compiled ? 0 : 1);
