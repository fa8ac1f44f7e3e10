// What only the page of a ticket needs, beside its composer.
import { beside } from "./beside.js";
import { copies } from "./copies.js";
import { copying } from "./copying.js";
import { panel } from "./panel.js";
import { reading } from "./reading.js";

for (const improve of [reading, beside, copies, copying, panel]) improve();
