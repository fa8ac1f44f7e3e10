// What only the desk needs: visitors do not load it.
import { finding } from "./finding.js";
import { finder } from "./finder.js";
import { menuGroups } from "./menu_groups.js";
import { keys } from "./keys.js";
import { permissions } from "./permissions.js";
import { sent } from "./sent.js";
import { times } from "./times.js";

for (const improve of [finder, finding, menuGroups, keys, permissions, sent, times]) improve();
