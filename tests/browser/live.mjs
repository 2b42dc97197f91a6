// Drives the live page (vm-render --web) in a real browser, one check a run:
//
//   node live.mjs CHECK URL [MORE...]     exit 0; or 1 with what is wrong
//
// Errors of the page, its console and requests to other servers fail every check. A check says on stdout what the test may do next, and
// reads an answer from stdin.
import {createRequire} from "node:module";
import {execFileSync} from "node:child_process";
import {readFileSync} from "node:fs";
import {createInterface} from "node:readline";
import assert from "node:assert/strict";

const require = createRequire(process.env.VMPIPE_BROWSER + "/");
const {chromium} = require("playwright-core");
const [,, check, url, ...more] = process.argv;
const browser = await chromium.launch({
	executablePath: ["/usr/lib/chromium/chromium", "/usr/bin/chromium"].find((path) => { try { readFileSync(path); return true; } catch { return false; } }),
	args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
const faults = [], input = createInterface({input: process.stdin})[Symbol.asyncIterator]();
const own = new URL(url).host;

async function page(context) {
	const one = await (context || await browser.newContext({viewport: {width: 1280, height: 720}})).newPage();
	one.setDefaultTimeout(30000);
	one.on("console", (message) => { if (["error", "warning"].includes(message.type()) && !/WebSocket connection to|ERR_CONNECTION_REFUSED|403 \(Forbidden\)/.test(message.text())) faults.push("console: " + message.text()); });
	one.on("pageerror", (error) => faults.push("error: " + error.message));
	one.on("dialog", (dialog) => { faults.push("dialog: " + dialog.message()); dialog.dismiss(); });
	one.on("request", (request) => { if (!/^(blob|data):/.test(request.url()) && new URL(request.url()).host !== own) faults.push("request: " + request.url()); });
	await one.goto(url);
	await one.waitForFunction(() => VIEWS.length > 1);
	return one;
}

// Says something to the test, and waits for its answer.
async function tell(words) {
	console.log(words);
	return (await input.next()).value;
}

// Waits until the page holds that many lines and has drawn them.
async function holds(one, lines) {
	await one.waitForFunction((lines) => facts.lines === lines && !busy && !again && figure, lines);
}

const count = (name) => readFileSync(name, "utf8").split("\n").length - 1;
const native = (words, name) => execFileSync("vm-render", [...words, name], {encoding: "utf8", maxBuffer: 1 << 28});

async function same_figures(one, name, views) {
	await holds(one, count(name));
	for (const view_name of views || await one.evaluate(() => VIEWS)) {
		await one.evaluate((name) => view(name), view_name);
		const words = await one.evaluate(() => options("json"));
		assert.equal(await one.evaluate(async (words) => (await ask({do: "figure", args: words})).out, words), native(words, name), view_name);
	}
}

const checks = {
	// MORE: the recording that the server got. Every view's figure is that of vm-render.
	async figures() {
		await same_figures(await page(), more[0]);
	},

	// MORE: the part that the server has at first, and the whole recording. One page sees it grow, one joins late.
	async late() {
		const early = await page();
		await holds(early, count(more[0]));
		await tell("grow");
		await holds(early, count(more[1]));
		const late = await page();
		for (const one of [early, late])
			await same_figures(one, more[1], ["timeline", "map", "events"]);
		await early.waitForFunction(() => /ms/.test(document.getElementById("live").textContent) || /ended/.test(document.getElementById("live").textContent));
	},

	// MORE: as for late. What came while the page was not connected is there after.
	async reconnect() {
		const one = await page();
		await holds(one, count(more[0]));
		await one.evaluate(() => live.connection().close());
		await tell("grow");
		await same_figures(one, more[1], ["timeline", "map", "events"]);
	},

	// The token is not in the address bar, and the tab keeps it; another tab without it gets no page.
	async token() {
		const one = await page();
		assert.equal(new URL(one.url()).search, "");
		await one.reload();
		await one.waitForFunction(() => typeof live !== "undefined" && live && live.connection().readyState === 1);
		assert.equal(new URL(one.url()).search, "");
		const other = await (await browser.newContext()).newPage(), answer = await other.goto(new URL("/", url).href);
		assert.equal(answer.status(), 403);
		assert.match(await other.textContent("body"), /token/);
	},

	// A mark reaches every page as text.
	async mark() {
		const one = await page(), other = await page();
		await one.waitForFunction(() => facts.lines > 0);
		await one.keyboard.press("m");
		await one.locator("#mark-text").fill("<img src=x onerror=hacked=1> \"quoted\" \\ ü 😀");
		await one.keyboard.press("Enter");
		for (const page_ of [one, other]) {
			await page_.waitForFunction(() => facts.told.some((line) => line.type === "mark" && line.text === "<img src=x onerror=hacked=1> \"quoted\" \\ ü 😀"));
			assert.equal(await page_.evaluate(() => globalThis.hacked), undefined);
		}
	},

	// MORE: as for late. A paused page holds its picture; the stream goes on.
	async pause() {
		const one = await page();
		await holds(one, count(more[0]));
		await one.keyboard.press("p");
		await one.waitForFunction(() => /paused/.test(document.getElementById("live").textContent));
		await tell("grow");
		assert.equal(await one.evaluate(() => facts.lines), count(more[0]));
		await one.keyboard.press("p");
		await holds(one, count(more[1]));
	},

	// MORE: a pid of this user, one of nobody. The page lists processes, starts the pipeline on one, and stops it.
	async pick() {
		const one = await page();
		await one.waitForFunction(() => document.getElementById("picking").open && document.getElementById("pick-list").options.length > 0);
		await one.locator("#pick-filter").fill(more[0]);
		await one.locator("#pick-list").selectOption(more[0]);
		await one.locator("#pick-start").click();
		await one.waitForFunction((pid) => facts.processes.some((one) => String(one.pid) === pid) && figure && !figure.empty, more[0]);
		await one.locator("#stop").click();
		await one.waitForFunction(() => /waiting/.test(document.getElementById("live").textContent));
		await one.evaluate((pid) => live.connection().send("start " + pid), more[1]);
		await one.waitForFunction(() => /not there, or not yours/.test(document.getElementById("said").textContent));
		await one.evaluate(() => live.connection().send("start 1; touch hacked"));
		await one.waitForFunction(() => /process -1 is not there/.test(document.getElementById("said").textContent));
		await one.locator("#choose").click();
		await one.locator("#pick-filter").fill(more[0]);
		await one.locator("#pick-list").press("Enter");
		await one.waitForFunction(() => /running/.test(document.getElementById("live").textContent));
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
process.exit();
