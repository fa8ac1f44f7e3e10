// What only the desk needs: visitors do not load it.
import { menuSearch } from "./menu_search.js";
import { quickSearch } from "./quick_search.js";
import { menuGroups } from "./menu_groups.js";
import { keys } from "./keys.js";
import { permissions } from "./permissions.js";
import { undoSend } from "./undo_send.js";
import { times } from "./times.js";

for (const improve of [quickSearch, menuSearch, menuGroups, keys, permissions, undoSend, times]) improve();
// Few pages ask for one.
if (document.querySelector("[data-passkey], [data-no-passkeys]")) import("./passkeys.js").then(({ passkeys }) => passkeys());
