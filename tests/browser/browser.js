// What every story needs: a browser, signing in, a look at the page as axe sees it, and pictures.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
export const { URL_OF_CONSOLE: home, PASSWORD: password, PICTURES: pictures } = process.env;
export { assert };

// A page at `width`, whose every error fails the story.
export async function open(browser, { width = 1280, scripts = true } = {}) {
  const context = await browser.newContext({ viewport: { width, height: 860 }, javaScriptEnabled: scripts, locale: "fr-FR" });
  const page = await context.newPage();
  page.setDefaultTimeout(60000); // a machine may be busy; the whole story has four minutes
  page.on("pageerror", (error) => fail(`script error: ${error.message}`));
  page.on("console", (said) => said.type() === "error" && !/Failed to load resource/.test(said.text()) && fail(said.text()));
  page.on("dialog", (dialog) => dialog.accept());
  return page;
}

function fail(why) {
  console.error(why);
  process.exitCode = 1;
}

export async function signIn(page, login) {
  await page.goto(home);
  await page.fill("#login", login);
  await page.fill("#password", password);
  await page.click("button.main");
  await page.waitForSelector("header .who");
}

// By the menu, as a person goes; on a small screen it is opened first.
export async function choose(page, words) {
  const button = page.locator("a.to-menu");
  if (await button.isVisible()) await button.click();
  await page.locator("nav.menu").getByRole("link", { name: words, exact: true }).click();
}

// By the keyboard alone: Tab until what begins with `words` has the focus, which must show.
export async function tabTo(page, words) {
  for (let turn = 0; turn < 120; turn += 1) {
    await page.keyboard.press("Tab");
    const here = await page.evaluate(() => {
      const one = document.activeElement;
      if (one === document.body) return { said: "", shown: true }; // past the last, before the first
      const said = one.getAttribute("aria-label") || one.labels?.[0]?.textContent || one.textContent || "";
      return { said: said.trim().replace(/\s+/g, " "), shown: getComputedStyle(one).outlineStyle !== "none" };
    });
    assert.ok(here.shown, `nobody sees that « ${here.said} » has the focus`);
    if (here.said.startsWith(words)) return;
  }
  assert.fail(`no way by Tab to « ${words} »`);
}

// No finding of axe, the slightest neither; nothing wider than the screen.
export async function judge(page, what) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const told = found.violations.map((one) => `${one.id} (${one.impact}): ${one.help}\n  ${one.nodes.map((node) => node.html).join("\n  ")}`);
  assert.equal(told.length, 0, `${what}:\n${told.join("\n")}`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wide <= 0, `${what} is ${wide} pixels wider than the screen`);
}

export async function picture(page, name, whole = false) {
  if (pictures) await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: whole });
}

// Run a story; its process ends with 1 when it does not hold.
export async function story(tell) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    env: { ...process.env, LANGUAGE: "fr" }, // the browser's own words, if it has them: chromium-l10n
    args: [
      "--lang=fr-FR", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync",
    ],
  });
  try {
    await tell(browser);
  } finally {
    await browser.close();
  }
}
