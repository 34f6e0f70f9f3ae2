// « Rapprochement », from a file whose columns nobody knows to the signature; then small, without JavaScript.
import { assert, choose, judge, open, signIn, story } from "../browser.js";

const FILE = "Code envoi;Vers;Le;Combien\nX1;06 98 76 54 32;23/11/2026 08:30;2\n";

await story(async (browser) => {
  for (const scripts of [true, false]) {
    const page = await open(browser, { scripts, width: scripts ? 1280 : 320 });
    await signIn(page, "gestion");
    await choose(page, "Rapprochement");
    await page.fill("#month", "2026-11");
    await page.setInputFiles("#file", { name: "../facture.csv", mimeType: "text/csv", buffer: Buffer.from(FILE) });
    if (scripts) {
      await page.click('button:text-is("Rapprocher")');
      await page.waitForSelector("h2:has-text('Quelle colonne est quoi ?')");
      await judge(page, "les colonnes");
      await page.selectOption("#c_id", "Code envoi");
      await page.selectOption("#c_number", "Vers");
      await page.selectOption("#c_at", "Le");
      await page.selectOption("#c_parts", "Combien");
    }
    await page.click('button:text-is("Rapprocher")');
    await page.waitForSelector("text=La facture est rapprochée.");
    assert.match(await page.textContent(".tile[aria-current]"), /Chez eux seulement\s*1\s*écart \+0,0900 €/);
    if (scripts) {
      await judge(page, "le rapprochement");
      await page.setViewportSize({ width: 320, height: 860 });
      await judge(page, "le rapprochement, petit");
    }
    await page.check("input[name=sure]");
    await page.click('button:text-is("Valider")');
    await page.waitForSelector("text=Le rapprochement est validé : il ne changera plus.");
    assert.equal(await page.locator('button:text-is("Valider")').count(), 0);
  }
});
