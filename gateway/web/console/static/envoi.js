// « Envoi »: what scripts add to its form. What is shown comes from the API's preview, as pieces of the page.
"use strict";

const form = document.getElementById("envoi");
const { text, action, template, file, send_at: sendAt } = form.elements;
const [counter, odd, keywords, marks, go, stale] = ["counter", "odd", "keywords", "marks", "go", "stale"].map((id) =>
  document.getElementById(id),
);
const press = (value) => form.querySelector(`button[value="${value}"]`).click();

// ---- the counter, what is underlined, the keywords ----

let asked = 0;
let waiting = null;
async function count() {
  const mine = ++asked;
  const fields = new FormData(form);
  fields.delete("file");
  fields.delete("add_to");
  const answer = await fetch(form.dataset.count, { method: "POST", body: fields });
  if (!answer.ok || answer.redirected || mine !== asked) return;
  const found = await answer.json();
  if (found.problem) {
    counter.textContent = found.problem;
    return;
  }
  counter.innerHTML = found.counter || "0/160";
  odd.innerHTML = found.odd;
  keywords.innerHTML = found.keywords;
  underline(found.pieces);
}

function underline(pieces) {
  marks.replaceChildren(
    ...pieces.map(([piece, kind]) => {
      if (!kind) return document.createTextNode(piece);
      const mark = document.createElement("mark");
      mark.className = kind;
      mark.textContent = piece;
      return mark;
    }),
  );
  marks.scrollTop = text.scrollTop;
}
text.addEventListener("scroll", () => (marks.scrollTop = text.scrollTop));

form.addEventListener("input", (event) => {
  if (event.target === text) underline([]);
  if (event.target.id !== "add_to" && event.target.id !== "add_label" && go) {
    go.hidden = true;
    stale.hidden = false;
  }
  clearTimeout(waiting);
  waiting = setTimeout(count, 300);
});
if (text.value && counter.textContent === "0/160") count();

// ---- what is chosen; nothing is sent by a choice alone, for the keyboard goes through all of them ----

form.querySelector("button[value=template]")?.addEventListener("click", (event) => {
  if (text.value.trim() && !window.confirm("Remplacer le texte écrit par ce message prédéfini ?")) event.preventDefault();
});
file.addEventListener("change", () => {
  if (file.files.length) form.querySelector(".reads").click();
});
sendAt.addEventListener("input", () => (form.querySelector("input[name=when][value=later]").checked = true));
action.addEventListener("change", () => {
  const chosen = action.selectedOptions[0].dataset;
  document.getElementById("held").hidden = !chosen.held;
  if (chosen.template && !template.value && template.type === "select-one") template.value = chosen.template;
});
for (const field of [form.elements.add_to, form.elements.add_label]) {
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    press("add");
  });
}

// « Remplacer » one sign, in the text as it is being written.
odd.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-from]");
  if (!button) return;
  event.preventDefault();
  text.value = text.value.replaceAll(button.dataset.from, button.dataset.to);
  text.focus();
  text.dispatchEvent(new Event("input", { bubbles: true }));
});

// ---- keywords by a right click in the text; with Shift the browser's own menu comes ----

let menu = null;
function shut() {
  menu?.remove();
  menu = null;
}
text.addEventListener("contextmenu", (event) => {
  const known = keywords.querySelectorAll("[data-insert]");
  if (!known.length || event.shiftKey) return;
  event.preventDefault();
  shut();
  menu = document.createElement("div");
  menu.className = "choices";
  menu.append(...[...known].map((button) => button.cloneNode(true)));
  menu.style.left = `${Math.max(8, Math.min(event.clientX, window.innerWidth - 200))}px`;
  menu.style.top = `${event.clientY}px`;
  text.after(menu);
  menu.firstElementChild.focus();
});
document.addEventListener("click", shut);
document.addEventListener("keydown", (event) => {
  if (!menu) return;
  const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
  if (step) document.activeElement[step]?.focus();
  if (event.key === "Escape") {
    shut();
    text.focus();
  }
  if (step || event.key === "Escape") event.preventDefault();
});
