// « SMS à diffuser »: select all, release; a list that updates itself; Enter opens a row.
// Rows: S4 140, S4 143, S4 144, S4 150.
import { assert, choose, judge, open, signIn, story } from "../browser.js";

await story(async (browser) => {
  const page = await open(browser);
  await signIn(page, "adjoint");
  await choose(page, "SMS à diffuser");
  await page.waitForSelector("text=Il y a actuellement 3 SMS en attente de diffusion.");
  await page.click("text=Nom élève");
  await page.waitForSelector("th[aria-sort=ascending]:has-text(\"Nom élève\")");
  await judge(page, "à diffuser");
  await page.click("text=Tout sélectionner");
  assert.equal(await page.locator("input[name=id]:checked").count(), 3);
  await page.locator("input[name=id]").first().uncheck();
  await page.click("text=Diffuser les SMS sélectionnés");
  await page.waitForSelector("text=SMS diffusés : 2.");
  await page.locator("input[name=id]").first().check();
  await page.click("text=Supprimer");
  await page.waitForSelector("text=SMS supprimés : 1.");
  await choose(page, "Suivi des SMS");
  await page.click("text=SMS délivrés");
  await page.waitForSelector("a[aria-current=page]:has-text(\"SMS délivrés\")"); // the list before it has as many rows
  for (let turn = 0; turn < 60 && (await page.locator("tr[data-open]").count()) < 2; turn += 1) {
    await Promise.all([page.waitForResponse((answer) => answer.url().includes("/suivi")), page.click("[data-refresh]")]);
  }
  await page.locator("tr[data-open]").first().focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector("h1:has-text(\"Rapport d'envoi\")");
});
