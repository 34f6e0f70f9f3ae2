// Every page in the eyes of axe, at one width, as it opens, as it answers a form, as it refuses one, and to print.
// Fails when a page that the console has was not judged.
import { assert, home, judge, open, picture, signIn, story } from "./browser.js";

const width = Number(process.env.WIDTH);
const pages = JSON.parse(process.env.PAGES); // « GET /actions/{code} »
const ids = JSON.parse(process.env.IDS);
const PAPER = 700; // pixels of a sheet of A4 between its margins
const month = new Date().toISOString().slice(0, 7);
const last = new Date(Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth() - 1, 1)).toISOString().slice(0, 7);

// Forms that only ever lead to another page: what they say there is judged with it.
const LEAD_ELSEWHERE = [
  "POST /envoi/compte", "POST /envoi/exception", "POST /a-diffuser", "POST /messages/{id}/renvoyer", "POST /reponses/retard", "POST /reponses/reprendre",
  "POST /mois/{month}/clore", "POST /budgets/lever", "POST /rapprochement/{id}/valider", "POST /comptes/{name}/suspendre",
  "POST /comptes/{name}/reprendre", "POST /comptes/{name}/supprimer", "POST /actions/{code}/supprimer",
  "POST /modeles/{code}/supprimer", "POST /deconnexion", "POST /etablissement",
];

const patterns = pages.map((page) => {
  const [method, path] = page.split(" ");
  return [page, method, new RegExp(`^/console${(path || "").replace(/\{[^}]*\}/g, "[^/]+")}$`)];
});
const judged = new Set();

await story(async (browser) => {
  const page = await open(browser, { width });
  let shown = null;
  page.on("response", (answer) => {
    const request = answer.request();
    if (request.isNavigationRequest() && answer.status() < 300 || answer.status() >= 400) shown = request;
  });

  // Judge what is shown; it must have this status.
  async function look(what, status = 200) {
    assert.equal((await shown.response()).status(), status, what);
    await judge(page, `${what} (${width})`);
    const path = new URL(shown.url()).pathname;
    const answers = (method) => method === shown.method() && (method === "POST" || status === 200);
    for (const [name, method, pattern] of patterns) if (answers(method) && pattern.test(path)) judged.add(name);
    if (width > PAPER) await print(what);
  }
  async function print(what) {
    await page.emulateMedia({ media: "print" });
    await page.setViewportSize({ width: PAPER, height: 990 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(wide <= 0, `${what} is ${wide} pixels wider than the paper`);
    for (const useless of ["nav.menu", "header.top", ".filters", ".buttons"])
      assert.equal(await page.locator(useless).filter({ visible: true }).count(), 0, `${what} prints ${useless}`);
    await page.emulateMedia({ media: null });
    await page.setViewportSize({ width, height: 860 });
  }
  const go = async (path, status) => {
    await page.goto(home + path);
    await look(path || "accueil", status);
  };
  // Send a form as it is, past what the browser itself would refuse.
  const send = async (button) => {
    await page.evaluate(() => document.querySelectorAll("form").forEach((form) => (form.noValidate = true)));
    await Promise.all([page.waitForNavigation(), page.locator(button).first().click()]);
  };

  // ---- before one is in ----
  await go("/connexion");
  await page.fill("#login", "direction");
  await page.fill("#password", "faux");
  await send("button.main");
  await look("connexion refusée", 401);
  await go("/nimporte", 404);
  await signIn(page, "cpe");
  await go("/journal", 403);
  await page.context().clearCookies();
  await signIn(page, "direction");

  // ---- as they open ----
  for (const path of [
    "", "/", "/#menu", "/envoi", "/a-diffuser", "/a-diffuser?tout=1", "/suivi", "/suivi?onglet=delivres", "/suivi?onglet=non-remis",
    "/suivi?onglet=ignores", `/suivi?batch=${ids.batch}`, "/suivi?event=ABS-80", `/messages/${ids.uncertain}`,
    `/messages/${ids.late}`, "/reponses", "/reponses?unattached=true", "/reponses/retard", "/consentements", "/recapitulatif",
    `/recapitulatif?batch=${ids.batch}`, "/recapitulatif?label=personne", "/synthese", "/synthese?school_year=true", `/mois/${month}`,
    `/mois/${last}`, "/budgets", "/rapprochement", "/comptes", "/comptes/operateur-a", "/comptes/operateur-b",
    "/comptes/operateur-a/modifier", "/comptes/operateur-b/modifier", "/nouveau-compte", "/actions", "/actions/INFO",
    "/actions/RETARD", "/actions/nouvelle", "/modeles", "/modeles/ABSENCE-JOUR", "/modeles/CANTINE", "/modeles/nouveau",
    "/utilisateurs", "/utilisateurs/cpe", "/utilisateurs/nouveau", "/effacement", "/journal", "/mot-de-passe",
  ]) {
    await go(path);
    if (width > PAPER && ["/recapitulatif", "/synthese"].includes(path)) await picture(page, path.slice(1));
  }
  await go("/messages/msg_01JDBZ5M3V9K5T7Q8W2X4Y6ZAB", 404);

  // ---- forms, answered and refused ----
  await page.goto(`${home}/envoi`);
  await send("button[value=preview] >> nth=1");
  await look("envoi refusé", 422);
  await page.fill("#recipients", "portable;destinataire;ne_pas_envoyer\n0612345677;Mme NON;oui\n0612345676;M. OUI;\n0387123456;M. FIXE;");
  await page.selectOption("#action", "INFO");
  await page.fill("#text", "Réunion « à 18h » 😀");
  await send("button[value=preview] >> nth=1");
  await page.locator("summary", { hasText: "Envoyer une fois" }).click();
  await page.locator("summary", { hasText: "Configuration" }).click();
  await look("envoi vérifié");

  await page.goto(`${home}/consentements`);
  await page.fill("#number", "06 12 34 56 78");
  await send("text=Chercher");
  await look("consentements d'un numéro");
  await page.fill("#number", "rien");
  await send("text=Chercher");
  await look("consentements d'aucun numéro", 422);
  await page.setInputFiles("#file", { name: "a.csv", mimeType: "text/csv", buffer: Buffer.from("portable;consentement\n0612345679;oui\nx;oui\n") });
  await send("text=Importer >> nth=-1");
  await look("consentements importés");

  await page.goto(`${home}/effacement`);
  await page.fill("#number", "06 12 34 56 79");
  await send("text=Chercher");
  await look("ce qui sera effacé");

  await page.goto(`${home}/budgets`);
  await page.fill("#amount", "beaucoup");
  await send("button.main");
  await look("budget refusé", 422);

  for (const [path, button] of [
    ["/actions/nouvelle", "button.main"], ["/modeles/nouveau", "button.main"], ["/utilisateurs/nouveau", "button.main"],
    ["/nouveau-compte", "button.main"], ["/mot-de-passe", "button.main"],
  ]) {
    await page.goto(home + path);
    await send(button);
    await look(`${path}, refusé`, 422);
  }
  await page.goto(`${home}/comptes/operateur-b/modifier`);
  await page.fill("#port", "99999");
  await send("button.main");
  await look("compte refusé", 422);

  await page.goto(`${home}/rapprochement`);
  await page.fill("#month", month);
  const detail = "Code envoi;Vers;Le;Combien\nX1;06 98 76 54 32;23/11/2026 08:30;2\n";
  await page.setInputFiles("#file", { name: "f.csv", mimeType: "text/csv", buffer: Buffer.from(detail) });
  await send("button.main");
  await look("rapprochement, les colonnes", 422);
  for (const [field, heading] of [["id", "Code envoi"], ["number", "Vers"], ["at", "Le"], ["parts", "Combien"]])
    await page.selectOption(`#c_${field}`, heading);
  await send("button.main");
  await look("rapprochement");

  // ---- what goes wrong ----
  await page.goto(`${home}/budgets`);
  await page.evaluate(() => document.querySelectorAll("input[name=csrf]").forEach((field) => (field.value = "faux")));
  await send("button.main");
  await look("formulaire étranger", 403);
  for (const [deed, path, status] of [["damage", "/journal", 500], ["lose", "/consentements", 503], ["drain", "/suivi", 503]]) {
    await fetch(`${process.env.CONTROL}/${deed}`, { method: "POST" });
    await go(path, status);
  }

  const missed = pages.filter((name) => !judged.has(name) && !LEAD_ELSEWHERE.includes(name));
  assert.deepEqual(missed, [], "pages that axe did not see: visit them above");
  const gone = LEAD_ELSEWHERE.filter((name) => !pages.includes(name));
  assert.deepEqual(gone, [], "no longer pages");
});
