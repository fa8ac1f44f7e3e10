// One empty line between two texts, as the desk stores them: a third Enter would leave a hole that is not sent.
const APART = ["bullet", "number", "quote", "code"];

export function oneEmptyLine(element) {
  element.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
      const { editor } = element;
      const [start, end] = editor.getSelectedRange();
      const before = editor.getDocument().toString().slice(0, start);
      if (start !== end || !before.endsWith("\n\n") || APART.some((name) => editor.attributeIsActive(name))) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    true,
  );
}
