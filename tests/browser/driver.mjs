// Runs the snippets that the tests send, one JSON object a line, in a headless Chromium driven by playwright-core.
// In a snippet stand: browser, context and page (of this object's name), args, expect-like helper `until`, and `axe`.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { readFileSync } from "node:fs";

const need = createRequire(new URL("../../web/package.json", import.meta.url));
const { chromium } = need("playwright-core");
const axeSource = readFileSync(need.resolve("axe-core/axe.min.js"), "utf8");
const jsqr = need("jsqr");

const there = process.argv[2].startsWith("http");
const browser = there
  ? await chromium.connectOverCDP(process.argv[2])
  : await chromium.launch({
      executablePath: process.argv[2],
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--force-color-profile=srgb", "--lang=zh-CN"],
    });
const pages = new Map();
const AsyncFunction = (async () => {}).constructor;
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** Asks again until it is true. Playwright's own waiting evaluates strings in the page, which its policy forbids. */
async function until(question, what = String(question), seconds = 30) {
  for (const end = Date.now() + seconds * 1000; ; await sleep(40)) {
    const answer = await question();
    if (answer) return answer;
    if (Date.now() > end) throw new Error("never true: " + what);
  }
}

/** Violations of axe-core on what is to be seen now, as short lines. */
async function axe(page) {
  await until(() => page.evaluate(() => document.getAnimations().every((a) => a.playState !== "running" || a.effect.getTiming().iterations === Infinity)));
  await page.evaluate(axeSource + "; 0"); // by the debugger, which no policy binds
  const found = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  return found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ") + " " + (n.any[0]?.message ?? n.all[0]?.message ?? "")).join(" | ")}`);
}

async function open(name, options) {
  const shared = options.share && pages.get(options.share);
  const context = shared ? shared.context : there ? browser.contexts()[0] : await browser.newContext({ locale: "zh-CN", viewport: { width: 390, height: 844 }, ...options.context });
  const page = there ? context.pages()[0] : await context.newPage();
  const one = { context, page, errors: [] };
  page.on("pageerror", (e) => one.errors.push("pageerror " + e.message));
  page.on("console", (m) => (m.type() === "error" || m.type() === "warning") && one.errors.push(m.text()));
  pages.set(name, one);
}

for await (const line of createInterface({ input: process.stdin })) {
  const { n, name, open: opening, code, args } = JSON.parse(line);
  let answer;
  try {
    if (opening) await open(name, opening);
    const { page, context, errors } = pages.get(name) ?? {};
    const run = new AsyncFunction("browser", "context", "page", "errors", "args", "until", "axe", "jsqr", "sleep", code ?? "");
    answer = { n, value: (await run(browser, context, page, errors, args ?? {}, until, axe, jsqr, sleep)) ?? null };
  } catch (e) {
    answer = { n, error: String(e?.stack ?? e).slice(0, 3000) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
await browser.close();
