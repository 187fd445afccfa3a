// How soon the page can be used on a slow line and an old phone, and what that costs: node web/measure.mjs http://127.0.0.1:5005/
// 1.6 Mbit/s, 150 ms round trip, processor four times slower. Not a test: figures depend on the machine.
import { chromium } from "playwright-core";

const url = process.argv[2] ?? "http://127.0.0.1:5005/";
const runs = Number(process.argv[3] ?? 5);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
const all = [];
for (let i = 0; i < runs; i++) {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: "zh-CN" });
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send("Network.enable");
  let bytes = 0;
  cdp.on("Network.loadingFinished", (e) => (bytes += e.encodedDataLength));
  for (const way of ["Sent", "Received"]) cdp.on(`Network.webSocketFrame${way}`, (e) => (bytes += e.response.payloadData.length));
  await cdp.send("Network.emulateNetworkConditions", { offline: false, latency: 150, downloadThroughput: 200_000, uploadThroughput: 90_000 });
  await cdp.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  await page.addInitScript(() => {
    // Usable: the script has taken over and the box is there. Greeted: the first words stand on the screen.
    const at = (name, ready) => {
      const look = () => (ready() ? (window[name] = performance.now()) : requestAnimationFrame(look));
      look();
    };
    at("usable", () => document.querySelector("sufang-chat")?.hasUpdated && document.querySelector("#words"));
    at("greeted", () => document.querySelector("[data-kind]"));
  });
  await page.goto(url, { waitUntil: "commit" });
  await page.locator("[data-kind]").first().waitFor();
  const box = page.getByRole("textbox", { name: "输入" });
  await box.fill("楼下川菜馆的油烟从今年三月开始往我家窗户灌，物业说管不了");
  await box.press("Enter");
  await page.locator("[data-kind=advice]").waitFor();
  const seen = await page.evaluate(() => ({
    painted: Math.round(performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0),
    usable: Math.round(window.usable),
    greeted: Math.round(window.greeted),
  }));
  all.push({ ...seen, kilobytes: Math.round(bytes / 100) / 10 });
  await context.close();
}
await browser.close();
const middle = (name) => all.map((x) => x[name]).sort((a, b) => a - b)[Math.floor(all.length / 2)];
console.table(all);
console.log("median", Object.fromEntries(Object.keys(all[0]).map((k) => [k, middle(k)])));
