// What scripts add to the pages; every page works without, unless it says so.
"use strict";

// A choice that is a form of its own is sent at once.
for (const choice of document.querySelectorAll("select[data-submit]")) {
  choice.addEventListener("change", () => choice.form.requestSubmit());
  choice.form.querySelector("button").hidden = true;
}
