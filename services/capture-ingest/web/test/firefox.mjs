// One journey in Firefox over WebDriver BiDi: node firefox.mjs <browser> <link> <file of the virtual traveller's script>.
// Prints one JSON object. Playwright cannot drive the distribution's Firefox.
import { readFile } from "node:fs/promises";
import puppeteer from "puppeteer-core";

const [executablePath, link, scriptFile] = process.argv.slice(2);
const origin = new URL(link).origin;
const browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: true });
const found = { states: [], foreign: [], complaints: [], version: await browser.version() };
try {
  const page = await browser.newPage();
  await page.setViewport({ width: 390, height: 844 });
  page.on("console", (message) => {
    if (message.type() === "error") found.complaints.push(message.text());
  });
  page.on("pageerror", (error) => found.complaints.push(String(error)));
  // Joined to the page's own script: Firefox runs what an automation preloads without its optimising compiler.
  const traveller = await readFile(scriptFile, "utf8");
  const script = await (await fetch(`${origin}/capture/page.js`)).text();
  await page.setRequestInterception(true);
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !/^(data|blob):/.test(url)) found.foreign.push(url);
    if (url === `${origin}/capture/page.js`) {
      request.respond({ contentType: "text/javascript", body: `${traveller}\n${script}` });
    } else {
      request.continue();
    }
  });
  await page.goto(link);
  const tap = async (label) => {
    for (const button of await page.$$("button")) {
      if ((await button.evaluate((one) => one.textContent)) === label) return await button.click();
    }
    throw new Error(`no button ${label}`);
  };
  const begun = Date.now();
  for (let state = ""; Date.now() - begun < 90_000; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const now = await page.evaluate(() => document.documentElement.dataset.state);
    if (now === state || now === undefined) continue;
    state = now;
    found.states.push([Date.now() - begun, state]);
    if (state === "hand_over") await tap("Use this device instead");
    if (state === "consent") await tap("Start");
    if (["done", "retake", "other_way", "slow_camera"].includes(state)) break;
  }
  Object.assign(found, await page.evaluate(() => window.__virtualTravellerLog));
  found.text = await page.evaluate(() => document.querySelector("main").innerText);
} finally {
  await browser.close();
}
console.log(JSON.stringify(found));
