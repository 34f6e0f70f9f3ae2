// What scripts add to the pages; every page works without, unless it says so.
"use strict";

// What does nothing without scripts is shown from here on.
document.documentElement.classList.add("scripted");

// Anything that cannot be undone is asked about first.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-confirm]");
  if (button && !window.confirm(button.dataset.confirm)) event.preventDefault();
});

// « Tout sélectionner » ticks, then unticks, the boxes of its form without asking for the page again.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-tick]");
  if (!link) return;
  event.preventDefault();
  const boxes = [...document.getElementById(link.dataset.tick).querySelectorAll("input[type=checkbox][name=id]")];
  const tick = boxes.some((box) => !box.checked);
  for (const box of boxes) box.checked = tick;
});

// A row that leads to a page: double click, or Enter when it has the focus.
const opened = (target) => target.closest("tr[data-open]");
document.addEventListener("dblclick", (event) => {
  const row = opened(event.target);
  if (row) window.location = row.dataset.open;
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("tr[data-open]")) window.location = event.target.dataset.open;
});

// « Mettre à jour » without a reload; a list that is live does it by itself while it is looked at.
async function refresh(id, asked) {
  const answer = await fetch(window.location.href, { headers: { "X-Requested-With": "fetch" } });
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById(id);
  const here = document.getElementById(id);
  if (!fresh || !here || (!asked && here.contains(document.activeElement))) return;
  const across = here.querySelector(".scroll")?.scrollLeft ?? 0;
  here.replaceWith(fresh);
  fresh.querySelector(".scroll")?.scrollTo({ left: across });
  if (asked) fresh.querySelector("[data-refresh]")?.focus();
  const said = fresh.querySelector("[data-refreshed]");
  if (said && asked) said.textContent = `Mis à jour à ${new Date().toLocaleTimeString("fr-FR")}`;
}
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-refresh]");
  if (!link) return;
  event.preventDefault();
  refresh(link.dataset.refresh, true);
});
setInterval(() => {
  const live = document.querySelector("[data-live]");
  if (live && !document.hidden) refresh(live.id, false);
}, 10000);

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});

// Keywords by click, where the text is being written.
document.addEventListener("click", (event) => {
  const word = event.target.closest("button[data-insert]");
  if (!word) return;
  const text = word.form.elements.text;
  text.setRangeText(word.dataset.insert, text.selectionStart, text.selectionEnd, "end");
  text.focus();
  text.dispatchEvent(new Event("input", { bubbles: true }));
});

// A form that was refused: to its first field that is wrong, once the page is at the place that its address names.
window.addEventListener("load", () => document.querySelector("[aria-invalid=true]")?.focus());
