// Without JavaScript, on a small screen: the whole way from writing to releasing.
// Rows: S1 2, S4 138, S4 143.
import { assert, choose, open, signIn, story } from "../browser.js";

await story(async (browser) => {
  const page = await open(browser, { scripts: false, width: 360 });
  await signIn(page, "adjoint");
  await choose(page, "Envoi");
  await page.fill("#add_to", "06 00 00 00 09");
  await page.fill("#add_label", "Mme SANS SCRIPT");
  await page.click('button:text-is("Ajouter")');
  assert.match(await page.inputValue("#recipients"), /06 00 00 00 09;Mme SANS SCRIPT/);
  await page.selectOption("#action", "INFO");
  await page.fill("#text", "Bonjour");
  await page.check("input[name=when][value=hold]");
  await page.click("text=Vérifier avant l'envoi");
  assert.match(await page.textContent("#apercu"), /1\s*destinataire/);
  await page.click('button:has-text("Mettre 1 message à diffuser")');
  await page.waitForSelector("h2:has-text('Envoi enregistré : 1 destinataire')");
  await page.click(".note >> text=SMS à diffuser");
  const row = page.locator("tr", { hasText: "SANS SCRIPT" });
  await row.locator("input[name=id]").check();
  await page.click("text=Diffuser les SMS sélectionnés");
  await page.waitForSelector("text=SMS diffusés : 1.");
  await page.goto(page.url().replace(/\/a-diffuser.*/, "/suivi"));
  await page.click("text=Mettre à jour");
  await page.waitForSelector("h1:has-text('Suivi des SMS')");
});
