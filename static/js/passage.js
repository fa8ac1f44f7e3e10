// The passage to mask: what one selects in the text goes into the field, which takes what is typed, too.
const area = document.querySelector("textarea[data-selects]");
const text = document.getElementById(area?.dataset.selects);

function take() {
  const selection = document.getSelection();
  const passage = selection?.toString().trim();
  if (passage && text.contains(selection.anchorNode) && text.contains(selection.focusNode)) area.value = passage;
}

if (text) for (const event of ["mouseup", "keyup", "touchend"]) document.addEventListener(event, () => setTimeout(take));
