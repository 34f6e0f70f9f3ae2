// Every page of the menu, for who may see all: wide and at 320 pixels, in axe's eyes, by keyboard, and to print.
import { assert, home, judge, open, picture, signIn, story } from "../browser.js";

await story(async (browser) => {
  for (const width of [1280, 320]) {
    const page = await open(browser, { width });
    await signIn(page, "direction");
    const pages = await page.locator("nav.menu a").evaluateAll((links) => links.map((link) => [link.textContent, link.href]));
    assert.ok(pages.length >= 6);
    for (const [words, address] of pages) {
      const answer = await page.goto(address);
      assert.equal(answer.status(), 200, words);
      await judge(page, `${words} (${width})`);
      if (width > 1000) await picture(page, "page-" + words.toLowerCase().normalize("NFD").replace(/[^a-z]+/g, "-"));
    }
    await page.goto(`${home}/mot-de-passe`);
    await judge(page, `mot de passe (${width})`);
  }
  const page = await open(browser);
  await signIn(page, "direction");
  await page.goto(`${home}/suivi`);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Aller au contenu");
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.locator("nav.menu").isVisible(), false);
});
