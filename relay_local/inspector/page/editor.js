// The text of a route in CodeMirror, which the server bundles from npm (see relay_local/inspector/codemirror).
// It lives in a shadow root: there its styles are style sheets of the page's script, which the page's policy allows.
import {
  EditorState, EditorView, HighlightStyle, StreamLanguage, autocompletion, bracketMatching, closeBrackets, closeBracketsKeymap,
  completionKeymap, defaultKeymap, drawSelection, highlightActiveLine, history, historyKeymap, keymap, lineNumbers, lintGutter,
  lintKeymap, setDiagnostics, syntaxHighlighting, tags, toml,
} from "/built/codemirror.js";
import { complete } from "./completion.js";
import { el } from "./dom.js";

const COLORS = HighlightStyle.define([
  { tag: [tags.propertyName, tags.atom], color: "var(--name)" },
  { tag: tags.string, color: "var(--string)" },
  { tag: [tags.number, tags.bool], color: "var(--number)" },
  { tag: tags.comment, color: "var(--quiet)" },
]);
const THEME = EditorView.theme({
  "&": { height: "100%", fontSize: "13px", color: "var(--text)", backgroundColor: "var(--back)" },
  "&.cm-focused": { outline: "2px solid var(--accent)" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.5" },
  ".cm-content": { caretColor: "var(--text)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": { backgroundColor: "var(--back)", color: "var(--quiet)", border: "0" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--mark)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--selected)" },
  ".cm-tooltip": { backgroundColor: "var(--raised)", color: "var(--text)", border: "1px solid var(--line)" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--back)" },
  ".cm-completionInfo": { maxWidth: "22rem", padding: ".4rem .6rem" },
  ".cm-completionDetail": { color: "var(--quiet)", fontStyle: "normal" },
  "li[aria-selected] .cm-completionDetail": { color: "var(--back)" },
  ".cm-diagnostic": { fontFamily: "system-ui, sans-serif", color: "var(--rejected)", borderLeft: "3px solid var(--rejected)" },
});

// Returns { node, text(), mark(problems), insertPath(path), focus() }. `changed` is called after each change.
export function mappingEditor(text, label, schema, values, changed) {
  const node = el("div", { className: "codemirror", id: "mapping" });
  const root = node.attachShadow({ mode: "open" });
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(), lintGutter(), history(), drawSelection(), bracketMatching(), closeBrackets(), highlightActiveLine(),
        autocompletion({ override: [(context) => complete(schema, values, context)] }),
        StreamLanguage.define(toml), syntaxHighlighting(COLORS), THEME, EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false" }),
        keymap.of([...closeBracketsKeymap, ...completionKeymap, ...defaultKeymap, ...historyKeymap, ...lintKeymap]),
        EditorView.updateListener.of((update) => { if (update.docChanged) changed(); }),
      ],
    }),
  });
  return {
    node,
    text: () => view.state.doc.toString(),
    focus: () => view.focus(),
    mark: (problems) => view.dispatch(setDiagnostics(view.state, problems.map((problem) => diagnostic(view.state.doc, problem)))),
    // In a template it is only the path, in a text a template, elsewhere a text.
    insertPath: (path) => {
      const line = view.state.doc.lineAt(view.state.selection.main.from);
      const before = line.text.slice(0, view.state.selection.main.from - line.from);
      const quoted = (before.match(/"/g) || []).length % 2;
      const escaped = path.replaceAll('"', '\\"'); // a name in quotation marks, in a text of TOML
      const what = /\$\{[^}]*$/.test(before) ? escaped : quoted ? `\${${escaped}}` : `"\${${escaped}}"`;
      view.dispatch(view.state.replaceSelection(what));
      view.focus();
    },
  };
}

// Under the key that the message is about (route "github": event.detail_type: …), or else under its whole line.
function diagnostic(doc, problem) {
  const line = doc.line(Math.min(Math.max(problem.line, 1), doc.lines));
  const path = /(?:^|[:,] )([\w-]+(?:\.[\w-]+)*): /.exec(problem.message)?.[1] ?? "";
  for (const name of path.split(".").reverse().filter(Boolean)) {
    const found = new RegExp(`(?:^|[\\s{,.])(${name})\\s*=`).exec(line.text);
    if (found) {
      const from = line.from + found.index + found[0].indexOf(name);
      return { from, to: from + name.length, severity: "error", message: problem.message };
    }
  }
  return { from: line.from + line.text.search(/\S|$/), to: line.to, severity: "error", message: problem.message };
}
