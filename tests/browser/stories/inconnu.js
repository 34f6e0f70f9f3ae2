// A stranger has the console's address and a password, no mouse, and no training: they write to two families, see
// what became of it, and export the month.
import { readFileSync } from "node:fs";
import { assert, home, open, password, story, tabTo } from "../browser.js";

await story(async (browser) => {
  const page = await open(browser);
  const keys = page.keyboard;
  const pressed = (key = "Enter") => Promise.all([page.waitForNavigation(), keys.press(key)]);

  // ---- in, from the bare address ----
  await page.goto(new URL("/", home).href);
  assert.equal(await page.title(), "Connexion · Vaguemestre");
  await keys.type("direction"); // the field has the focus
  await keys.press("Tab");
  await keys.type("un mauvais mot de passe");
  await pressed();
  assert.match(await page.locator("[role=alert]").innerText(), /Identifiant ou mot de passe incorrect/);
  await keys.press("Tab");
  await keys.type(password);
  await pressed();

  // ---- past the menu, to what one comes for ----
  await keys.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Aller au contenu");
  await keys.press("Enter");
  await tabTo(page, "Écrire aux familles");
  await pressed();
  await tabTo(page, "Collez ou tapez");
  await keys.insertText("06 00 00 00 01 ; Mme REITER\n06 00 00 00 02 ; M. ÇELIK\n03 87 12 34 56 ; Mme FIXE");

  // What is forgotten is told where it is forgotten.
  await tabTo(page, "Vérifier avant l'envoi");
  await keys.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "action"); // the browser points at it
  await keys.type("Envoi de SMS");
  await tabTo(page, "Vérifier avant l'envoi");
  await pressed();
  assert.equal(await page.evaluate(() => document.activeElement.id), "text");
  assert.match(await page.locator("#text-fault").innerText(), /Écrivez le message/);
  await keys.type("Bonjour, la réunion est à 18h.");
  await page.waitForFunction(() => /30\/160 · 1 SMS/.test(document.getElementById("counter").innerText));
  await tabTo(page, "Vérifier avant l'envoi");
  await pressed();
  assert.match(await page.locator("#apercu").innerText(), /2\s+destinataires\s+1\s+ignoré\s+2\s+SMS, 1 par message/);
  assert.match(await page.getByRole("region", { name: "Destinataires ignorés" }).innerText(), /Mme FIXE.*Numéro fixe/s);
  await tabTo(page, "Envoyer à 2 destinataires");
  await pressed();
  assert.match(await page.locator(".note").innerText(), /Envoi enregistré : 2 destinataires/);

  // ---- what became of it ----
  await tabTo(page, "Suivre cet envoi");
  await pressed();
  await tabTo(page, "SMS délivrés");
  await pressed();
  const rows = page.locator("tr[data-open]");
  await tabTo(page, "Mettre à jour");
  for (let turn = 0; turn < 60 && (await rows.count()) < 2; turn += 1) {
    await Promise.all([page.waitForResponse((answer) => answer.url().includes("/suivi")), keys.press("Enter")]);
    await page.locator("[data-refresh]:focus").waitFor(); // the list is new, the focus stays
  }
  assert.equal(await rows.count(), 2);

  // ---- the month, as a file ----
  await tabTo(page, "Vaguemestre"); // at the top of every page
  await pressed();
  await tabTo(page, "Exporter le mois");
  await pressed();
  assert.match(await page.locator("h1").innerText(), /^Relevé de /);
  await tabTo(page, "Exporter les SMS du mois (CSV)");
  const [file] = await Promise.all([page.waitForEvent("download"), keys.press("Enter")]);
  const said = readFileSync(await file.path(), "utf8");
  assert.match(said, /Mme REITER/);
  assert.match(said, /06 00 00 00 02/);
  await keys.press("Shift+Tab");
  const [book] = await Promise.all([page.waitForEvent("download"), keys.press("Enter")]);
  assert.match(book.suggestedFilename(), /^recapitulatif-.*\.xlsx$/);
});
