// Files of a form: chosen, dropped or pasted, sent at once with their progress, taken out again.
// Without script they travel with the form, and each kept file has a button of the form.

function improve(holder) {
  const form = holder.closest("form");
  const input = holder.querySelector("input[type=file]");
  const list = holder.querySelector("[data-kept]");
  const template = holder.querySelector("template").content.firstElementChild;
  const words = JSON.parse(holder.dataset.words);
  const queue = [];
  let current = null;
  let held = null;

  const say = (text, name = "") => (holder.querySelector("[data-said]").textContent = text.replace("{name}", name));

  /** Say at the field why a file was not taken, until the next one is chosen. */
  const refuse = (message) => {
    const line = document.createElement("p");
    line.className = "invalid-feedback";
    line.textContent = message;
    holder.querySelector("[data-refused]").append(line);
  };

  const post = (url, values, onprogress) =>
    new Promise((done) => {
      const request = new XMLHttpRequest();
      const data = new FormData();
      const own = { csrf_token: form.elements.csrf_token.value, files_key: form.elements.files_key.value };
      for (const [name, value] of Object.entries({ ...own, ...values })) data.append(name, value);
      request.open("POST", url);
      request.responseType = "json";
      request.setRequestHeader("Accept", "application/json");
      if (onprogress) request.upload.addEventListener("progress", onprogress);
      request.addEventListener("loadend", () => done({ status: request.status, ...request.response }));
      request.send(data);
      if (current) current.request = request;
    });

  /** The form says which files its page shows: another page of the same form has its own. */
  const nameShown = () => {
    const ids = [...list.querySelectorAll("button")].map((button) => button.value);
    form.elements.files_shown.value = ids.filter(Boolean).join(" ");
  };

  const show = (file) => {
    const row = template.cloneNode(true);
    for (const name of row.querySelectorAll("[data-name]")) name.textContent = file.name;
    const bar = row.querySelector("progress");
    bar.hidden = false;
    bar.setAttribute("aria-label", file.name);
    row.querySelector("button").type = "button";
    list.append(row);
    return row;
  };

  /** One at a time, so that what no longer fits is the last one chosen. */
  const next = async () => {
    if (current) return;
    current = queue.shift() ?? null;
    if (!current) return resume();
    const { file, row, isInText } = current;
    const bar = row.querySelector("progress");
    const answer = await post(holder.dataset.files, { files: file }, (event) => {
      if (event.total) bar.value = event.loaded / event.total;
    });
    const dropped = current.dropped;
    current = null;
    if (answer.status === 200 && !dropped) {
      bar.hidden = true;
      row.querySelector("[data-size]").textContent = answer.size;
      row.querySelector("button").value = answer.id;
      nameShown();
      say(words.got, answer.name);
      if (isInText && answer.picture) {
        const detail = { picture: answer.picture, name: answer.name, type: file.type };
        holder.dispatchEvent(new CustomEvent("files:picture", { detail }));
      }
    } else {
      row.remove();
      if (answer.id) post(holder.dataset.takeOut, { remove_file: answer.id });
      if (!dropped) refuse(answer.message ?? words.failed.replace("{name}", file.name));
    }
    next();
  };

  const resume = () => {
    if (!held) return;
    const { submitter } = held;
    held = null;
    // What was refused is read first.
    if (holder.querySelector("[data-refused]").childElementCount) return;
    form.requestSubmit(submitter);
  };

  const add = (files, isInText = false) => {
    holder.querySelector("[data-refused]").replaceChildren();
    for (const file of files) {
      if (file.size > Number(holder.dataset.most)) refuse(words.large.replace("{name}", file.name));
      else queue.push({ file, isInText, row: show(file) });
    }
    next();
  };
  holder.addEventListener("files:take", ({ detail }) => add(detail, true));

  const remove = async (row) => {
    const button = row.querySelector("button");
    const name = row.querySelector("[data-name]").textContent;
    const waiting = queue.findIndex((entry) => entry.row === row);
    if (waiting >= 0) queue.splice(waiting, 1);
    else if (current?.row === row) {
      current.dropped = true;
      current.request?.abort();
      return;
    } else if ((await post(holder.dataset.takeOut, { remove_file: button.value })).status !== 200) {
      refuse(words.failed.replace("{name}", name));
      return;
    }
    row.remove();
    nameShown();
    holder.dispatchEvent(new CustomEvent("files:gone", { detail: button.value }));
    say(words.gone, name);
    if (!document.activeElement?.closest("trix-editor")) input?.focus();
  };

  list.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    event.preventDefault();
    remove(button.closest("li"));
  });
  if (!input) return;

  holder.classList.add("is-scripted");
  input.addEventListener("change", () => {
    add([...input.files]);
    input.value = "";
  });

  const isEditor = (target) => target instanceof Element && target.closest("trix-editor") !== null;
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  const over = (shown) => holder.classList.toggle("is-over", shown);
  form.addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    over(true);
  });
  form.addEventListener("dragleave", (event) => over(form.contains(event.relatedTarget)));
  form.addEventListener(
    "drop",
    (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      event.stopPropagation();
      over(false);
      add([...event.dataTransfer.files], isEditor(event.target));
    },
    true,
  );
  // A word processor copies its text as a picture too: what has text is text.
  form.addEventListener(
    "paste",
    (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (!files.length || event.clipboardData.types.includes("text/plain")) return;
      event.preventDefault();
      event.stopPropagation();
      add(files, isEditor(event.target));
    },
    true,
  );
  form.addEventListener(
    "submit",
    (event) => {
      if (!current && !queue.length) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      held = { submitter: event.submitter };
      say(words.wait);
    },
    true,
  );
}

// A file that misses its field must not take the page away.
for (const kind of ["dragover", "drop"]) {
  addEventListener(kind, (event) => {
    if (event.dataTransfer?.types.includes("Files") && !event.defaultPrevented) event.preventDefault();
  });
}
document.querySelectorAll("[data-files]").forEach(improve);
