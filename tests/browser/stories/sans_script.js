// Without JavaScript, on a small screen: the whole way from writing to releasing.
import { assert, choose, open, signIn, story } from "../browser.js";

await story(async (browser) => {
  const page = await open(browser, { scripts: false, width: 360 });
  await signIn(page, "adjoint");
  await choose(page, "Envoi");
  await page.fill("#recipients", "0600000009 Mme SANS SCRIPT");
  await page.selectOption("#action", "INFO");
  await page.fill("#text", "Bonjour");
  await page.check("input[name=when][value=hold]");
  await page.click("text=Vérifier avant l'envoi");
  assert.match(await page.textContent("#apercu"), /1\s*destinataire/);
  await page.click("text=Envoyer à 1 destinataire(s)");
  await page.waitForSelector("text=Envoi enregistré : 1 message(s).");
  await choose(page, "SMS à diffuser");
  const row = page.locator("tr", { hasText: "SANS SCRIPT" });
  await row.locator("input[name=id]").check();
  await page.click("text=Diffuser les SMS sélectionnés");
  await page.waitForSelector("text=SMS diffusés : 1.");
  await page.goto(page.url().replace(/\/a-diffuser.*/, "/suivi"));
  await page.click("text=Mettre à jour");
  await page.waitForSelector("h1:has-text('Suivi des SMS')");
});
