// Pictures in an editor: a pasted or dropped one is a file of the form, and stands in the text; what cannot be kept is said.
const OURS = /\/picture\/([0-9]+)\/[0-9a-f]{32}$/;

/** A picture that a page or a word processor wrote into the text itself, as a file. */
function fileOf(address) {
  const [, type, content] = address.match(/^data:(image\/(?:png|jpeg|gif|webp));base64,([A-Za-z0-9+/=]+)$/) ?? [];
  if (!type) return null;
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  return new File([bytes], `image.${type.split("/")[1]}`, { type });
}

/** Watch what comes into an editor. Without a field for files nothing of it can be kept. */
export function pictures(editor) {
  const form = editor.closest("form");
  const holder = form?.querySelector("[data-files]");
  const words = window.Trix.config.lang;
  const line = Object.assign(document.createElement("p"), { className: "form-text" });
  line.setAttribute("role", "alert");
  editor.after(line);

  const rowOf = (address) => {
    const [, id] = address?.match(OURS) ?? [];
    return id && holder?.querySelector(`[data-kept] button[value="${id}"]`);
  };

  editor.addEventListener("trix-file-accept", (event) => event.preventDefault());
  editor.addEventListener("trix-attachment-add", ({ attachment }) => {
    const address = attachment.getURL();
    if (rowOf(address)) return;
    // Trix is in the middle of its paste.
    setTimeout(() => {
      attachment.remove();
      const file = holder && address?.startsWith("data:") ? fileOf(address) : null;
      if (file) holder.dispatchEvent(new CustomEvent("files:take", { detail: [file] }));
      else line.textContent = words.pictureLost;
    });
  });
  editor.addEventListener("trix-attachment-remove", ({ attachment }) => {
    const address = attachment.getURL();
    setTimeout(() => {
      const stays = editor.editor.getDocument().getAttachments().some((other) => other.getURL() === address);
      if (!stays) rowOf(address)?.click();
    });
  });
  editor.addEventListener("trix-change", () => {
    if (!editor.editor.getDocument().isEmpty()) return;
    line.textContent = "";
  });
  holder?.addEventListener("files:picture", ({ detail: { picture, name, type } }) => {
    line.textContent = "";
    editor.editor.insertAttachment(new window.Trix.Attachment({ url: picture, filename: name, contentType: type }));
  });
  holder?.addEventListener("files:gone", ({ detail: id }) => {
    const { editor: writing } = editor;
    for (const attachment of writing.getDocument().getAttachments()) {
      if (attachment.getURL()?.match(OURS)?.[1] !== id) continue;
      writing.setSelectedRange(writing.getDocument().getRangeOfAttachment(attachment));
      writing.deleteInDirection("forward");
    }
  });
}
