// <form data-passkey="get|create" data-options="{…}" data-failed="…">: asks the browser for a passkey, then sends its answer.
const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));

function text(buffer) {
  const letters = Array.from(new Uint8Array(buffer), (one) => String.fromCharCode(one)).join("");
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function publicKey(options) {
  const credentials = (list = []) => list.map((one) => ({ ...one, id: bytes(one.id) }));
  const key = { ...options, challenge: bytes(options.challenge) };
  if (options.user) key.user = { ...options.user, id: bytes(options.user.id) };
  if (options.excludeCredentials) key.excludeCredentials = credentials(options.excludeCredentials);
  if (options.allowCredentials) key.allowCredentials = credentials(options.allowCredentials);
  return key;
}

function answer(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  const { id, type, authenticatorAttachment } = credential;
  return JSON.stringify({ id, rawId: text(credential.rawId), type, authenticatorAttachment, response, clientExtensionResults: {} });
}

async function onSubmit(event) {
  const form = event.target;
  event.preventDefault();
  const failed = form.querySelector("[data-passkey-failed]");
  failed.textContent = "";
  try {
    const chosen = { publicKey: publicKey(JSON.parse(form.dataset.options)) };
    form.elements.passkey.value = answer(await navigator.credentials[form.dataset.passkey](chosen));
    form.submit();
  } catch (error) {
    const isStored = error.name === "InvalidStateError" && form.dataset.stored;
    failed.textContent = isStored ? form.dataset.stored : form.dataset.failed;
  }
}

export function passkeys() {
  if (!window.PublicKeyCredential) {
    for (const text of document.querySelectorAll("[data-no-passkeys]")) text.classList.remove("no-script");
    return;
  }
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", onSubmit);
  }
}
