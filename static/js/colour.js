// A colour as text and as a picker, kept in step, with the badge drawn live: the container [data-label-preview]
// names its two fields (data-background, data-text) and holds [data-badge], [data-contrast] with its two sentences.
const READABLE = 4.5;
const STEPS = 25;

function read(text) {
  const probe = document.createElement("span");
  probe.style.color = text.trim();
  if (!probe.style.color || /[^#\w\s]/.test(text)) return null;
  document.body.append(probe);
  const numbers = getComputedStyle(probe).color.match(/[\d.]+/g)?.map(Number) ?? [];
  probe.remove();
  if (numbers.length < 3) return null;
  const alpha = numbers[3] ?? 1;
  return numbers.slice(0, 3).map((channel) => Math.round(channel * alpha + 255 * (1 - alpha)));
}

const hex = (colour) => `#${colour.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;

function luminance(colour) {
  const [red, green, blue] = colour.map((channel) => {
    const part = channel / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(first, second) {
  const [dark, light] = [luminance(first), luminance(second)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

// The same steps as helpdesk/colors.py, so that the preview is what the lists will show.
function safe(background, text) {
  for (let step = 0; step <= STEPS; step += 1) {
    for (const end of [0, 255]) {
      const mended = background.map((channel) => Math.round(channel + ((end - channel) * step) / STEPS));
      if (contrast(mended, text) >= READABLE) return mended;
    }
  }
  return background;
}

function preview(box) {
  const [background, text] = ["background", "text"].map((key) => read(document.getElementById(box.dataset[key])?.value ?? ""));
  if (!background || !text) return;
  const mended = safe(background, text);
  for (const badge of box.querySelectorAll("[data-badge]")) {
    badge.style.setProperty("--label-fg", hex(text));
    badge.style.setProperty("--label-safe", hex(mended));
    const names = [...document.querySelectorAll(`#${box.dataset.name}, [id^="${box.dataset.name}-"]`)].filter((input) => input.value);
    const name = (names.find((input) => input.lang === document.documentElement.lang) ?? names[0])?.value;
    if (name) badge.firstElementChild.textContent = name;
  }
  const note = box.querySelector("[data-contrast]");
  const ratio = contrast(background, text);
  const number = ratio.toLocaleString(document.documentElement.lang, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  note.parentElement.classList.toggle("is-weak", ratio < READABLE);
  note.textContent = (ratio >= READABLE ? note.dataset.good : note.dataset.weak).replace("#", number);
}

export function colours() {
  const previews = [...document.querySelectorAll("[data-label-preview]")];
  for (const swatch of document.querySelectorAll(".colour .swatch")) {
    const text = swatch.parentElement.querySelector("[data-colour]");
    swatch.hidden = false;
    swatch.addEventListener("input", () => {
      text.value = swatch.value;
      text.dispatchEvent(new Event("input", { bubbles: true }));
    });
    text.addEventListener("input", () => {
      const colour = read(text.value);
      if (colour) swatch.value = hex(colour);
    });
  }
  for (const box of previews) {
    box.hidden = false;
    box.closest("form").addEventListener("input", () => preview(box));
    preview(box);
  }
}
