// A group message: recipients pasted, typed and uploaded, the counter and the underlined signs while one types,
// keywords by click and by right click, what is ignored, sent, followed up to its receipts.
// Rows: S1 2, S1 5, S1 13, S1 14, S1 24.
import { assert, choose, judge, open, picture, signIn, story } from "../browser.js";

const PASTED = `portable;destinataire;eleve;heure
0600000001;Mme REITER (Légal 1);REITER Pauline;08:30
0387123456;Mme FIXE;FIXE Tom;08:00`;
const UPLOADED = `${PASTED}\n0600000002;M. ÇELIK (Légal 1);ÇELIK Léa;10:05`;

await story(async (browser) => {
  const page = await open(browser);
  await signIn(page, "adjoint");
  await choose(page, "Envoi");
  await judge(page, "envoi, vide");

  // ---- who ----
  await page.fill("#recipients", PASTED);
  await page.setInputFiles("#file", { name: "familles.csv", mimeType: "text/csv", buffer: Buffer.from(UPLOADED) });
  await page.waitForURL(/#destinataires$/); // the file is read at once
  assert.match(await page.inputValue("#recipients"), /ÇELIK Léa/);
  await page.fill("#add_to", "06 00 00 00 03");
  await page.fill("#add_label", "M. AJOUTÉ");
  await page.keyboard.press("Enter");
  await page.locator("#destinataires td", { hasText: "M. AJOUTÉ" }).waitFor();
  await page.locator("#destinataires tr", { hasText: "M. AJOUTÉ" }).getByRole("button", { name: "Retirer" }).click();
  await page.locator("summary", { hasText: "3 destinataires" }).waitFor();

  // ---- what ----
  await page.selectOption("#action", "ABSENCE");
  await page.locator("#held").waitFor(); // « attendra dans SMS à diffuser »
  await page.selectOption("#action", "INFO");
  await page.locator("#held").waitFor({ state: "hidden" });
  await page.fill("#text", "Bonjour, ");
  await page.locator('#keywords button:text-is("#ELEVE")').click();
  await page.keyboard.type(" est absente depuis ");
  await page.click("#text", { button: "right" });
  await page.locator('.choices button:text-is("#HEURE")').focus();
  await page.keyboard.press("Enter");
  await page.keyboard.type(". « Vie scolaire »");
  assert.equal(await page.inputValue("#text"), "Bonjour, #ELEVE est absente depuis #HEURE. « Vie scolaire »");
  await page.waitForFunction(() => /^\d+\/160 · 1 SMS2 destinataires, 1 ignoré · 2 SMS \(1 par message\) · 0,0900 € HT$/.test(document.getElementById("counter").innerText.replace(/\n/g, "").replace(/\u00a0|\u202f/g, " ").trim()));
  assert.equal(await page.locator("#marks mark.replaceable").first().textContent(), "«");
  await judge(page, "envoi");

  // ---- a look before it leaves ----
  await page.click("text=Vérifier avant l'envoi");
  await page.waitForURL(/#apercu$/);
  await page.waitForSelector("text=Numéro fixe");
  assert.match(await page.textContent("#apercu"), /REITER Pauline est absente depuis 08:30/);
  await judge(page, "envoi, vérifié");
  await picture(page, "envoi", true);
  await page.click("#odd button >> nth=0");
  assert.match(await page.inputValue("#text"), /" Vie scolaire »/);
  assert.equal(await page.locator("#go").isVisible(), false); // it is no longer what was checked
  await page.click("text=Vérifier de nouveau");
  await page.click("text=Remplacer tout dans le texte");
  assert.ok(!(await page.inputValue("#text")).includes("»"));
  await page.click('button:text-is("Envoyer à 2 destinataires")');
  await page.waitForSelector("h2:has-text('Envoi enregistré : 2 destinataires')");
  await judge(page, "envoi, enregistré");

  // ---- what becomes of it ----
  await page.click("text=Suivre cet envoi");
  await page.click("text=SMS délivrés");
  await page.waitForSelector("a[aria-current=page]:has-text(\"SMS délivrés\")"); // the list before it has the same rows
  for (let turn = 0; turn < 60 && (await page.locator("text=REITER Pauline").count()) === 0; turn += 1) {
    await Promise.all([page.waitForResponse((answer) => answer.url().includes("/suivi")), page.click("[data-refresh]")]);
  }
  assert.equal(await page.locator("tr[data-open]").count(), 2);
  await page.locator("tr[data-open]").first().dblclick();
  await page.waitForSelector("text=Accusé du fournisseur");
  await judge(page, "rapport d'envoi");
  await picture(page, "rapport");
});
