// Compile Python modules with the CPython 3.13 that Pyodide brings: `node compile.mjs FOLDER PART`.
// FOLDER is what Lambda will have as /var/task, and PART ("." for all of it) is what is compiled.
import { loadPyodide } from "pyodide";

const TASK = "/var/task";
const [folder, part] = process.argv.slice(2);
const python = await loadPyodide({ env: { PYTHONHASHSEED: "0" } }); // the same bytes for the same sources
python.mountNodeFS(TASK, folder);
python.globals.set("path", part === "." ? TASK : `${TASK}/${part}`);
const compiled = python.runPython(`
import compileall, py_compile, sys
assert sys.version_info[:2] == (3, 13), sys.version
compileall.compile_dir(path, quiet=1, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
`);
process.exit(compiled ? 0 : 1);
