// Drives a picture of vm-render --svg in a real browser, from its file:
//
//   node svg.mjs CHECK FILE.svg [MORE...]     exit 0; or 1 with what is wrong
//
// VMPIPE_BROWSER: folder with node_modules. Requests to any network, messages on the console and errors fail every check.
import {createRequire} from "node:module";
import {readFileSync} from "node:fs";
import {pathToFileURL} from "node:url";
import assert from "node:assert/strict";

const require = createRequire(process.env.VMPIPE_BROWSER + "/");
const {chromium} = require("playwright-core");
const [,, check, file, ...more] = process.argv;
const browser = await chromium.launch({
	executablePath: ["/usr/lib/chromium/chromium", "/usr/bin/chromium"].find((path) => { try { readFileSync(path); return true; } catch { return false; } }),
	args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
const faults = [];

async function picture(name = file, options = {}) {
	const one = await (await browser.newContext({viewport: {width: 1280, height: 760}, ...options})).newPage();
	one.setDefaultTimeout(100000);
	one.on("console", (message) => { if (["error", "warning"].includes(message.type())) faults.push("console: " + message.text()); });
	one.on("pageerror", (error) => faults.push("error: " + error.message));
	one.on("dialog", (dialog) => { faults.push("dialog: " + dialog.message()); dialog.dismiss(); });
	one.on("request", (request) => { if (!/^(file|data):/.test(request.url())) faults.push("request: " + request.url()); });
	if (typeof name === "string")
		await one.goto(pathToFileURL(name).href);
	return one;
}

const frame = (one) => one.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
const shown = (one, query) => one.evaluate((query) => [...document.querySelectorAll(query)].filter((box) => box.getBoundingClientRect().width > 0 && getComputedStyle(box).visibility === "visible").length, query);
const wide = (one) => one.evaluate(() => document.querySelector(".plot").getBoundingClientRect().width);
const middle = (one) => one.evaluate(() => { const r = document.querySelector("rect.panel").getBoundingClientRect(); return {x: r.left + r.width / 2, y: r.top + r.height / 2}; });
// The class of a kind, by the legend.
const kind = (one, name) => one.evaluate((name) => { const text = [...document.querySelectorAll("text.key")].find((one) => one.textContent.startsWith(name)); let swatch = text.previousElementSibling; while (!/^c\d/.test(swatch.getAttribute("class") || "")) swatch = swatch.previousElementSibling; return /c\d+/.exec(swatch.getAttribute("class"))[0]; }, name);

const checks = {
	// A timeline with a [heap].
	async mouse() {
		for (const colorScheme of ["light", "dark"]) {
			const one = await picture(file, {colorScheme}), heap = await kind(one, "heap");
			const box = one.locator(`g.${heap}.b:not(.t) > rect`).last();
			await box.hover();
			assert.match(await one.locator(".tip .card").textContent(), /\[heap\]/, "the tip names the region");
			await box.click();
			await one.locator(`g.${heap}.b:not(.t) > rect`).first().click();
			assert.equal(await one.locator(".pins .card").count(), 2, "presses pin");
			await one.locator(".pins button").first().click();
			assert.equal(await one.locator(".pins .card").count(), 1);
			assert.match(await one.locator(".pins .card").textContent(), /\[heap\]/);
			const before = await wide(one), at = await middle(one);
			await one.mouse.move(at.x, at.y);
			await one.mouse.wheel(0, -200);
			await frame(one);
			assert.ok(await wide(one) > before * 1.5, "the wheel zooms in time");
			const first = () => one.evaluate(() => document.querySelector(".plot").getBoundingClientRect().left);
			const left = await first();
			await one.mouse.down();
			await one.mouse.move(at.x + 60, at.y, {steps: 3});
			await one.mouse.up();
			await frame(one);
			assert.ok(await first() > left, "a drag moves the picture");
			assert.equal(await one.locator(".pins .card").count(), 1, "and pins nothing");
			await one.locator("text.key", {hasText: /^heap/}).click();
			assert.equal(await shown(one, `g.${heap}.b > rect`), 0, "the legend hides a kind");
			await one.locator(".bar button").click();
			await frame(one);
			assert.ok(await shown(one, `g.${heap}.b > rect`) > 0);
			assert.equal(Math.round(await wide(one)), Math.round(before), "Reset takes all back");
		}
	},

	async keyboard() {
		const one = await picture(), before = await wide(one);
		await one.keyboard.press("/");
		await one.keyboard.type("[heap]");
		const hits = await one.evaluate(() => document.querySelectorAll(".hit").length);
		assert.ok(hits > 0);
		assert.match(await one.locator(".bar span").textContent(), new RegExp(`^${hits} ha`));
		await one.keyboard.press("Enter");
		assert.match(await one.locator(".pins .card").textContent(), /\[heap\]/, "Enter pins what is found");
		await one.keyboard.press("Escape");
		assert.equal(await one.locator(".pins .card").count() + await one.locator(".hit").count(), 0);
		await one.evaluate(() => document.activeElement.blur());
		await one.keyboard.press("+");
		await frame(one);
		assert.ok(await wide(one) > before * 1.3, "+ zooms");
		const left = await one.evaluate(() => document.querySelector(".plot").getBoundingClientRect().left);
		await one.keyboard.press("ArrowRight");
		await frame(one);
		assert.ok(await one.evaluate(() => document.querySelector(".plot").getBoundingClientRect().left) < left, "an arrow moves");
		await one.keyboard.press("-");
		await frame(one);
		assert.equal(Math.round(await wide(one)), Math.round(before));
		const key = one.locator("text.key", {hasText: /^heap/}), heap = await kind(one, "heap");
		await key.focus();
		await one.keyboard.press("Enter");
		assert.equal(await key.getAttribute("aria-pressed"), "false");
		assert.equal(await shown(one, `g.${heap}.b > rect`), 0);
	},

	// Merged boxes say so once one zooms into them.
	async merged() {
		const one = await picture();
		assert.ok(await one.locator(".mg").count() > 0, "there are merged boxes");
		assert.equal(await one.locator(".bar span").textContent(), "");
		const box = await one.locator(".mg").first().boundingBox();
		await one.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
		await one.mouse.wheel(0, -200);
		await frame(one);
		assert.match(await one.locator(".bar span").textContent(), /merged/);
	},

	// FILE and MORE: pictures of all shapes, with names that are scripts. The script starts in each, and what it shows are texts.
	async hostile() {
		for (const name of [file, ...more]) {
			const one = await picture(name);
			const before = await one.evaluate(() => document.querySelectorAll("script, img, iframe, a").length);
			const tips = await one.evaluate(() => [...document.querySelectorAll(".b > *, .r")].map((target) => {
				target.dispatchEvent(new PointerEvent("pointermove", {clientX: 300, clientY: 300, bubbles: true}));
				return document.querySelector(".tip .card").textContent;
			}));
			assert.ok(tips.some((tip) => /onerror=/.test(tip)), name);
			assert.equal(await one.evaluate(() => document.querySelectorAll("script, img, iframe, a").length), before);
			assert.equal(await one.evaluate(() => globalThis.hacked), undefined);
		}
	},

	// As an image of a page the picture is drawn, and its script never runs.
	async image() {
		const one = await picture(null), data = "data:image/svg+xml;base64," + readFileSync(file).toString("base64");
		await one.setContent("<img>");
		assert.ok(await one.evaluate(async (data) => { const image = document.querySelector("img"); image.src = data; await image.decode(); return image.naturalWidth; }, data) > 100);
		const size = await one.evaluate(() => { const c = document.createElement("canvas"), image = document.querySelector("img"); c.width = image.naturalWidth; c.height = 60; const p = c.getContext("2d"); p.drawImage(image, 0, 0); const right = p.getImageData(c.width - 200, 0, 200, 60).data; return new Set(right.filter((_, i) => i % 4 === 0)).size; });
		assert.equal(size, 1, "the tools of the script are not there");
	},
};

try {
	await checks[check]();
	assert.deepEqual(faults, []);
} catch (error) {
	console.error(error.message);
	process.exitCode = 1;
}
await browser.close();
