// One folding of text, as the server's (helpdesk/folding.py): without case, accents and invisible letters.
const LETTERS = { ł: "l", ø: "o", đ: "d", ð: "d", ħ: "h", ŧ: "t", ŋ: "n", ı: "i", ə: "e", ß: "ss", æ: "ae", œ: "oe", þ: "th" };
const LETTER = new RegExp(`[${Object.keys(LETTERS).join("")}]`, "g");

export const fold = (text) =>
  text
    .replace(/[’‘‚‛′´`ʼʹʻ＇‹›]/g, "'")
    .replace(/[“”„‟″«»＂]/g, '"')
    .replace(/[‐‑‒–—―−]/g, "-")
    .toLowerCase()
    .normalize("NFKD")
    .replace(/[\p{M}\p{Cf}]/gu, "")
    .replace(LETTER, (letter) => LETTERS[letter])
    .replace(/\s+/g, " ");
