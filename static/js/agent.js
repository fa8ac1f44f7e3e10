// What only the desk needs: visitors do not load it.
import { finding } from "./finding.js";
import { finder } from "./finder.js";
import { folds } from "./folds.js";
import { keys } from "./keys.js";
import { permissions } from "./permissions.js";
import { sent } from "./sent.js";
import { times } from "./times.js";

for (const improve of [finder, finding, folds, keys, permissions, sent, times]) improve();
