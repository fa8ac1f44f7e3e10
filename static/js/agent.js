// What only the desk needs: visitors do not load it.
import { finder } from "./finder.js";
import { keys } from "./keys.js";
import { sent } from "./sent.js";

for (const improve of [finder, keys, sent]) improve();
