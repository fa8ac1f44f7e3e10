// What only the page of a ticket needs, beside its composer.
import { beside } from "./beside.js";
import { linkNumbers } from "./link_numbers.js";
import { recipients } from "./recipients.js";
import { copyButtons } from "./clipboard.js";
import { panel } from "./panel.js";
import { reading } from "./reading.js";

for (const improve of [reading, beside, recipients, copyButtons, panel, linkNumbers]) improve();
