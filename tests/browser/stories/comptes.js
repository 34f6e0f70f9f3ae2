// Récapitulatif and Synthèse: what was sent, its report by double click and by Enter, the figures that lead to it.
// Rows: S1 52, S4 153.
import { assert, home, judge, open, signIn, story } from "../browser.js";

await story(async (browser) => {
  const page = await open(browser);
  await signIn(page, "direction");
  await page.goto(`${home}/a-diffuser?tout=1`);
  await page.locator("button[value=release]").first().click();
  const rows = page.locator("tr[data-open]");
  for (let turn = 0; turn < 300 && (await page.getByText("Reçu le").count()) < 3; turn += 1) {
    await page.goto(`${home}/recapitulatif`);
  }
  assert.equal(await page.getByText("Reçu le").count(), 3);
  assert.match(await page.locator("dl.totals").innerText(), /Total\s+3/);
  await judge(page, "récapitulatif");

  await rows.first().dblclick();
  await page.waitForURL(/\/messages\//);
  await page.goBack();
  await rows.first().focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/messages\//);

  await page.goto(`${home}/recapitulatif`);
  await page.getByLabel("Destinataire").fill("legal fin");
  await page.getByRole("button", { name: "Afficher" }).click();
  assert.equal(await rows.count(), 3);
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByText("Exporter (CSV)").click()]);
  assert.match(file.suggestedFilename(), /^recapitulatif-.*\.csv$/);

  await page.goto(`${home}/synthese`);
  assert.match(await page.locator("svg.chart desc").textContent(), /3 délivrés sur 3/);
  await judge(page, "synthèse");
  await page.locator("tbody a").first().click();
  await page.waitForURL(/\/recapitulatif\?/);
  assert.equal(await rows.count(), 3);

  await page.goto(`${home}/budgets`);
  await page.getByLabel("Montant HT, en euros").fill("100");
  await page.getByRole("button", { name: "Fixer" }).click();
  await page.getByText("Le budget est fixé.").waitFor();
  await judge(page, "budgets");

  await page.goto(`${home}/synthese`);
  await page.locator("tr.total a").first().click();
  await page.waitForURL(/\/mois\//);
  await judge(page, "mois");
});
