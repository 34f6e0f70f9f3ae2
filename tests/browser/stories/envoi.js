// A group message: recipients pasted, the counter while one types, what is ignored, sent, followed up to its receipts.
import { assert, choose, judge, open, picture, signIn, story } from "../browser.js";

await story(async (browser) => {
  const page = await open(browser);
  await signIn(page, "adjoint");
  await choose(page, "Envoi");
  await page.fill("#recipients", "portable;destinataire;eleve;heure\n0600000001;Mme REITER (Légal 1);REITER Pauline;08:30\n0600000002;M. ÇELIK (Légal 1);ÇELIK Léa;10:05\n0387123456;Mme FIXE;FIXE Tom;08:00");
  await page.selectOption("#action", "INFO");
  await page.fill("#text", "Bonjour, #ELEVE est absente depuis #HEURE. « Vie scolaire »");
  await page.waitForFunction(() => /2 destinataire/.test(document.getElementById("counter").textContent));
  assert.match(await page.textContent("#counter"), /\d+\/160 · 1 SMS.*remplacés : « →/);
  await judge(page, "envoi");
  await page.click("text=Vérifier avant l'envoi");
  await page.waitForSelector("text=Numéro fixe");
  assert.match(await page.textContent("#apercu"), /REITER Pauline est absente depuis 08:30/);
  assert.equal(await page.locator("mark.replaceable").first().textContent(), "«");
  await judge(page, "envoi, vérifié");
  await picture(page, "envoi", true);
  await page.click("text=Remplacer dans le texte");
  assert.ok(!(await page.inputValue("#text")).includes("«"));
  await page.click("text=Envoyer à 2 destinataire(s)");
  await page.waitForSelector("text=Envoi enregistré : 2 message(s).");
  await page.goto(page.url().replace(/\?.*/, "?onglet=delivres"));
  for (let turn = 0; turn < 60 && (await page.locator("text=REITER Pauline").count()) === 0; turn += 1) {
    await Promise.all([page.waitForResponse((answer) => answer.url().includes("/suivi")), page.click("[data-refresh]")]);
  }
  assert.equal(await page.locator("tr[data-open]").count(), 2);
  await page.locator("tr[data-open]").first().dblclick();
  await page.waitForSelector("text=Accusé du fournisseur");
  await judge(page, "rapport d'envoi");
  await picture(page, "rapport");
});
