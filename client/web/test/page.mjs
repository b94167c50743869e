// The page in headless Chromium as somebody uses it: from file://, with the network off, under its own
// content-security policy. `node test/page.mjs CASES` reads `[{policy, file, name, proven, says}]`
// (paths, and what the page must say), gives the page each, and fails if it says anything else, asks
// for anything, or breaks its policy. Exit 77: there is no Chromium.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { chromium } from "playwright-core";

const SKIPPED = 77;
const paths = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const executablePath = paths.find((path) => path && existsSync(path));
if (executablePath === undefined) {
  console.error("SKIPPED: there is no Chromium (Debian: apt-get install chromium)");
  process.exit(SKIPPED);
}

const cases = JSON.parse(readFileSync(process.argv[2], "utf8"));
const address = new URL("../dist/verify.html", import.meta.url).href;
// Chromium's own sandbox needs rights that a container's root does not have.
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
const context = await browser.newContext({ offline: true });
const requests = [];
const complaints = [];
context.on("request", (request) => requests.push(request.url()));
const page = await context.newPage();
page.on("console", (message) => complaints.push(message.text()));
page.on("pageerror", (error) => complaints.push(String(error)));
await page.goto(address);

async function outcome() {
  const result = page.locator("#result");
  await result.locator(".verdict").waitFor();
  return {
    proven: (await result.getAttribute("class")) === "proven",
    text: await result.innerText(),
    ms: Number(await result.getAttribute("data-ms")),
  };
}

const times = [];
for (const { policy, file, name, proven, says } of cases) {
  await page.reload();
  await page.locator("#policy").setInputFiles(policy);
  await page.locator("#file").setInputFiles(file);
  const found = await outcome();
  assert.equal(found.proven, proven, `${name}: ${found.text}`);
  for (const words of says) assert.ok(found.text.includes(words), `${name} lacks "${words}": ${found.text}`);
  times.push(found.ms);
  // Again on the warm page, as somebody does who checks a second file.
  await page.locator("#file").setInputFiles([]);
  await page.evaluate(() => document.getElementById("result")?.replaceChildren());
  await page.locator("#file").setInputFiles(file);
  times.push((await outcome()).ms);
}

// Dropped, not chosen.
const [first] = cases;
await page.reload();
for (const part of ["policy", "file"]) {
  const bytes = [...readFileSync(first[part])];
  const transfer = await page.evaluateHandle((bytes) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([new Uint8Array(bytes)], "dropped"));
    return transfer;
  }, bytes);
  await page.dispatchEvent(`#drop-${part}`, "drop", { dataTransfer: transfer });
}
assert.equal((await outcome()).proven, first.proven, "dropped files");

// With a keyboard alone: both inputs can be reached, and each has a name.
await page.reload();
for (const id of ["file", "policy"]) {
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement?.id), id);
}
assert.equal(await page.getByLabel("Receipt or certificate").count(), 1);
assert.equal(await page.getByLabel("Policy").count(), 1);
assert.equal(await page.locator("#result").getAttribute("aria-live"), "polite");

// What the policy forbids fails: the page could not ask anybody if it tried.
assert.deepEqual(complaints, []);
const reached = await page.evaluate(async () => {
  try {
    await fetch("https://example.org/");
    return "fetch";
  } catch {
    const script = document.createElement("script");
    script.textContent = "window.injected = true";
    document.body.append(script);
    return "injected" in window ? "script" : "nothing";
  }
});
assert.equal(reached, "nothing");
for (const what of ["Connecting to", "Executing inline script"]) {
  const refused = new RegExp(`^${what}.* violates the following Content Security Policy directive`);
  assert.ok(complaints.some((text) => refused.test(text)), complaints.join("\n"));
}
const foreign = requests.filter((url) => url !== address);
assert.deepEqual(foreign, [], "the page asked for something");
await browser.close();

times.sort((a, b) => a - b);
const median = times[Math.floor(times.length / 2)];
console.log(`verified in the page in ${median} ms (median of ${times.length}), ${times.at(-1)} ms at most`);
