// What pages of visitors need of desk.js: they also open on slow lines.
import { confirmations } from "./confirm.js";
import { forget } from "./visitor_draft.js";
import { menus } from "./menus.js";

document.documentElement.classList.add("has-script");
for (const improve of [confirmations, menus]) improve();
if (document.querySelector("[data-forget-draft]")) forget();
document.querySelector("[data-sign-out]")?.addEventListener("submit", forget);
(document.getElementById("errors") ?? document.querySelector("[data-focus]"))?.focus();
if (document.querySelector("[data-passkey], [data-no-passkeys]")) import("./passkeys.js").then(({ passkeys }) => passkeys());
