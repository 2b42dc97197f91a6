// Drives the page (vm-render --html) in a real browser, one check a run:
//
//   node page.mjs CHECK FILE.html [MORE...]     exit 0; or 1 with what is wrong
//
// VMPIPE_BROWSER: folder with node_modules. Requests to any network, messages on the console and errors of the page fail every check.
import {createRequire} from "node:module";
import {execFileSync} from "node:child_process";
import {copyFileSync, mkdtempSync, readFileSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
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

async function page(name = file, options = {}) {
	const context = await browser.newContext({viewport: {width: 1280, height: 720}, acceptDownloads: true, ...options});
	const one = await context.newPage();
	one.setDefaultTimeout(100000);
	one.on("console", (message) => { if (["error", "warning"].includes(message.type())) faults.push("console: " + message.text()); });
	one.on("pageerror", (error) => faults.push("error: " + error.message));
	one.on("dialog", (dialog) => { faults.push("dialog: " + dialog.message()); dialog.dismiss(); });
	one.on("request", (request) => { if (!/^(file|blob|data):/.test(request.url())) faults.push("request: " + request.url()); });
	await one.goto(pathToFileURL(name).href + (options.hash || ""));
	await settled(one);
	return one;
}

// Waits until the page has drawn what it was asked for.
async function settled(one) {
	const idle = () => one.waitForFunction(() => !busy && !again && !settled && (figure !== null || document.getElementById("said").textContent !== ""));
	const frames = () => one.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(busy || again || Boolean(settled)), 0)))));
	do
		await idle();
	while (await frames()); // a figure may change the layout, and the layout asks for a figure
}

const text = (one, selector) => one.locator(selector).first().textContent();
const args = (one, renderer = "json") => one.evaluate((renderer) => options(renderer), renderer);
const native = (words, name) => execFileSync("vm-render", [...words, name], {encoding: "utf8", maxBuffer: 1 << 28});

// Where a point of the plot lies on the screen, by its shares.
async function point(one, x, y) {
	return one.evaluate(([x, y]) => { const frame = plot.getBoundingClientRect(), to = place(inner()); return [frame.left + to.x(x), frame.top + to.y(y)]; }, [x, y]);
}

async function over(one, label) {
	const box = await one.evaluate((label) => { const found = figure.drawn.find((box) => (box.label || "").includes(label) && (box.flags || []).includes("merged") === false); return found && {x0: found.x0, x1: found.x1, y0: found.y0, y1: found.y1, title: found.title}; }, label);
	assert.ok(box, "a box with the label " + label);
	const [x, y] = await point(one, (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2);
	return {...box, x, y};
}

async function download(one, kind) {
	const [got] = await Promise.all([one.waitForEvent("download"), one.locator("#save").selectOption(kind)]);
	return {name: got.suggestedFilename(), bytes: readFileSync(await got.path())};
}

const checks = {
	// MORE: the recording. Every view's figure equals that of the program.
	async figures() {
		const one = await page(), views = await one.evaluate(() => VIEWS);
		assert.deepEqual(views, execFileSync("vm-render", ["--complete", "view"], {encoding: "utf8"}).trim().split("\n"));
		for (const name of views) {
			await one.evaluate((name) => view(name), name);
			await settled(one);
			const words = await args(one);
			assert.deepEqual(await one.evaluate(() => { const {asked, drawn, hits, stacked, ...rest} = figure; return rest; }), JSON.parse(native(words, more[0])), name);
			await one.evaluate(() => move_to(Math.floor(facts.times.length / 2)));
			await settled(one);
			assert.equal(JSON.stringify(await one.evaluate(async (words) => (await ask({do: "figure", args: words})).out, await args(one))), JSON.stringify(native(await args(one), more[0])), name + " at a moment");
			await one.keyboard.press("End");
		}
	},

	async mouse() {
		const one = await page();
		const heap = await over(one, "[heap]");
		await one.mouse.move(heap.x, heap.y);
		assert.ok((await text(one, "#tip")).includes("[heap]"), "the tip names the region");
		await one.mouse.click(heap.x, heap.y);
		assert.ok((await text(one, ".card")).includes("[heap]"), "a press pins the details");
		assert.notEqual(await one.evaluate(() => state.at), -1, "a press moves to that moment");
		await one.locator(".card button", {hasText: "×"}).click();
		assert.equal(await one.locator(".card").count(), 0);
		const before = await one.evaluate(() => ({...zoom}));
		await one.mouse.move(heap.x, heap.y);
		await one.mouse.wheel(0, -400);
		await settled(one);
		const after = await one.evaluate(() => ({...zoom}));
		assert.ok(after.x1 - after.x0 < before.x1 - before.x0 && after.y1 === before.y1, "the wheel zooms in time");
		assert.ok((await one.locator("#tip").textContent()).length > 0);
		await one.mouse.down();
		await one.mouse.move(heap.x + 80, heap.y, {steps: 4});
		await one.mouse.up();
		const moved = await one.evaluate(() => ({...zoom}));
		assert.ok(moved.x0 < after.x0, "a drag moves the picture");
		await one.keyboard.press("Escape");
		await settled(one);
		const [x0, y] = await point(one, 0.3, 0.5), [x1] = await point(one, 0.6, 0.5);
		await one.keyboard.down("Shift");
		await one.mouse.move(x0, y);
		await one.mouse.down();
		await one.mouse.move(x1, y, {steps: 4});
		await one.mouse.up();
		await one.keyboard.up("Shift");
		await settled(one);
		const range = await one.evaluate(() => [state.from, state.to, facts.times[0], facts.times.at(-1)]);
		assert.ok(range[0] > range[2] && range[1] < range[3] && range[0] < range[1], "Shift and drag choose a range of time");
		await one.locator("#undo").click();
		await settled(one);
		assert.equal(await one.evaluate(() => state.from), null, "undo takes it back");
	},

	async filters() {
		const one = await page();
		const kinds = () => one.evaluate(() => [...new Set(figure.boxes.map((box) => figure.classes[box.class].name))]);
		assert.ok((await kinds()).includes("heap"));
		await one.locator("#legend button", {hasText: /^heap/}).click();
		await settled(one);
		assert.ok(!(await kinds()).includes("heap"), "the legend hides a kind");
		await one.locator("#legend button", {hasText: /^heap/}).click();
		await settled(one);
		assert.ok((await kinds()).includes("heap"), "and shows it again");
		await one.locator("#perms").fill("x");
		await one.keyboard.press("Enter");
		await one.locator("#plot").focus();
		await settled(one);
		assert.ok((await one.evaluate(() => figure.boxes.every((box) => /..x|merged/.test(box.title)))), "permissions");
		await one.keyboard.press("Escape");
		await settled(one);
		const start = /0x[0-9a-f]+/.exec((await over(one, "[heap]")).title)[0];
		await one.locator("#address").fill("0x" + (BigInt(start) + 16n).toString(16));
		await one.keyboard.press("Enter");
		await one.locator("#plot").focus();
		await settled(one);
		assert.deepEqual(await kinds(), ["heap"], "an address inside a region finds it");
		await one.keyboard.press("Escape");
		await settled(one);
		await one.keyboard.press("/");
		await one.keyboard.type("[heap]");
		assert.ok(await one.evaluate(() => figure.hits.length > 0 && figure.hits.every((box) => box.title.includes("[heap]"))), "find marks boxes");
		assert.match(await text(one, "#said"), /^\d+ box/);
	},

	async time() {
		const one = await page(file, {hash: "#view=map"});
		const last = await one.evaluate(() => figure.subtitle);
		await one.locator("#moment").focus();
		await one.keyboard.press("Home");
		await settled(one);
		const first = await one.evaluate(() => figure.subtitle);
		assert.notEqual(first, last, "Home shows the first moment");
		await one.locator("#next").click();
		await settled(one);
		assert.equal(await one.evaluate(() => state.at), 1);
		assert.match(one.url(), /at=1/, "the link keeps the moment");
		await one.locator("#speed").selectOption("64");
		await one.locator("#play").click();
		await one.waitForFunction(() => playing === null && state.at === -1);
		await settled(one);
		assert.equal(await one.evaluate(() => figure.subtitle), last, "playing ends at the last moment");
		const again = await page(one.url().replace(/^file:\/\//, "").replace(/#.*/, ""), {hash: "#view=table&at=2&sort=1&down=true"});
		assert.deepEqual(await again.evaluate(() => [state.view, state.at, state.sort, state.down]), ["table", 2, 1, true], "a link brings the state back");
		const sizes = await again.evaluate(() => sorted().map((row) => Number(row.cells[1])));
		assert.deepEqual(sizes, [...sizes].sort((a, b) => b - a), "the head of a column sorts");
		await again.locator("tbody tr").nth(2).click();
		assert.match(await text(again, ".card"), /name|kind/);
	},

	// A mark becomes a line of the recording that is saved.
	async marks() {
		const one = await page();
		await one.evaluate(() => move_to(3));
		await one.keyboard.press("m");
		await one.locator("#mark-text").fill("opened <b>file</b>");
		await one.keyboard.press("Enter");
		await one.waitForFunction(() => facts.told.some((line) => line.type === "mark" && line.text.startsWith("opened")));
		await settled(one);
		assert.ok(await one.evaluate(() => figure.flags.some((flag) => flag.text.includes("opened <b>"))), "the mark is drawn");
		const {bytes} = await download(one, "ndjson");
		const lines = bytes.toString().trim().split("\n").map((line) => JSON.parse(line)), at = lines.findIndex((line) => line.type === "mark" && line.text.startsWith("opened"));
		assert.ok(at > 0);
		for (let i = 1; i < lines.length; i++)
			assert.ok(lines[i].t >= lines[i - 1].t, "times rise");
	},

	async saving() {
		const one = await page();
		const svg = await download(one, "svg");
		assert.equal(svg.bytes.toString(), native(await args(one, "svg"), more[0]));
		const png = await download(one, "png");
		assert.equal(png.bytes.subarray(1, 4).toString(), "PNG");
		await one.evaluate(() => view("table"));
		await settled(one);
		const csv = (await download(one, "csv")).bytes.toString().split("\r\n");
		assert.equal(csv.length - 2, await one.evaluate(() => figure.rows.length), "a line for each row, and a head");
		assert.equal((await download(one, "txt")).bytes.toString(), native(await args(one, "ascii"), more[0]));
	},

	// MORE: texts, each with what its table must be like: FILE then the rows that vm-render counts.
	async texts() {
		const one = await page();
		assert.match(await text(one, "#said"), /^Drop /, "an empty page says what to do");
		for (const name of more) {
			await one.locator("#file").setInputFiles(name);
			await one.waitForFunction((name) => document.title.startsWith(name), name.split("/").pop());
			await one.evaluate(() => { state.view = "table"; change(); });
			await settled(one);
			const words = await args(one);
			const wanted = execFileSync("sh", ["-c", 'vm-parse "$0" 2>/dev/null | vm-track 2>/dev/null | vm-render "$@"', name, ...words], {encoding: "utf8", maxBuffer: 1 << 28});
			const got = await one.evaluate(async (words) => (await ask({do: "figure", args: words})).out, words);
			assert.deepEqual(JSON.parse(got), JSON.parse(wanted), name);
		}
		await one.locator("#file").setInputFiles({name: "letter.txt", mimeType: "text/plain", buffer: Buffer.from("Dear all,\nno memory map here.\n")});
		await one.waitForFunction(() => document.getElementById("said").className === "bad");
		assert.match(await text(one, "#said"), /letter\.txt: .*no format that is known/s);
		assert.ok(await one.evaluate(() => facts.lines > 0), "the text before stays");
	},

	// MORE: the recording, and another. Two moments; two recordings, chosen or dropped.
	async compare() {
		const [recording, other] = more, one = await page();
		const drawn = () => one.evaluate(() => { const {asked, drawn, hits, stacked, ...rest} = figure; return rest; });
		await one.evaluate(() => move_to(2));
		await one.keyboard.press("b");
		await settled(one);
		assert.deepEqual(await one.evaluate(() => [state.view, state.base, state.at]), ["diff", 2, -1], "b: this moment is the first of two");
		assert.ok((await args(one)).includes("--from"));
		assert.deepEqual(await drawn(), JSON.parse(native(await args(one), recording)));
		await one.locator("#base").focus();
		await one.keyboard.press("ArrowRight");
		await settled(one);
		assert.equal(await one.evaluate(() => state.base), 3, "the slider chooses it by keyboard");
		assert.equal(await one.evaluate(() => state.at), -1, "and leaves the other moment alone");

		const folder = mkdtempSync(join(tmpdir(), "page-"));
		copyFileSync(recording, join(folder, "this recording"));
		copyFileSync(other, join(folder, "other.ndjson"));
		const pair = async () => execFileSync("sh", ["-c", 'vm-diff "this recording" other.ndjson | vm-render "$@"', "sh", ...await args(one)], {encoding: "utf8", cwd: folder, maxBuffer: 1 << 28});
		await one.locator("#file-second").setInputFiles(join(folder, "other.ndjson"));
		await one.waitForFunction(() => second !== null);
		await settled(one);
		assert.deepEqual(await drawn(), JSON.parse(await pair()), "two recordings, as vm-diff compares them");
		await one.evaluate(() => view("table"));
		await settled(one);
		assert.deepEqual(await drawn(), JSON.parse(native(await args(one), recording)), "the other views show the first");
		await one.evaluate(() => view("diff"));
		await settled(one);
		await one.locator("#alone").click();
		await settled(one);
		assert.ok((await drawn()).subtitle !== JSON.parse(await pair()).subtitle, "the second is closed");

		const drop = await one.evaluateHandle((text) => { const all = new DataTransfer(); all.items.add(new File([text], "other.ndjson")); return all; }, readFileSync(other, "utf8"));
		await one.dispatchEvent("#stage", "drop", {dataTransfer: drop});
		assert.match(await text(one, "#dropped-name"), /other\.ndjson/);
		await one.keyboard.press("Enter");
		await one.waitForFunction(() => second !== null);
		await settled(one);
		assert.deepEqual(await drawn(), JSON.parse(await pair()), "a dropped one, by keyboard");
		await one.dispatchEvent("#stage", "drop", {dataTransfer: drop});
		await one.locator("#dropped button[value=open]").click();
		await one.waitForFunction(() => document.title.startsWith("other.ndjson"));
		await settled(one);
		assert.equal(await one.evaluate(() => second), null);
		rmSync(folder, {recursive: true});
	},

	// MORE: the recording (tests/browser/family.ndjson). What the panel says of a region, an event, a finding; a process beside another.
	async details() {
		for (const colorScheme of ["light", "dark"]) {
			const one = await page(file, {colorScheme, hash: "#pid=70"});
			const heap = await over(one, "[heap]");
			await one.mouse.click(heap.x, heap.y);
			const open = async (name) => {
				const part = one.locator(".card").first().locator("details", {has: one.locator("summary", {hasText: name})});
				await part.locator("summary").focus();
				await one.keyboard.press("Enter");
				await part.locator("summary + div > *").first().waitFor();
				return part.locator("summary + div").textContent();
			};
			assert.match(await open("members"), /^id: 2\n.*kind: heap/s);
			assert.match(await open("history"), /1 change.*BRK_GROW.*8 KiB → 16 KiB.*by brk/s);
			assert.match(await open("cause"), /call: brk.*grow_it {2}parent\.c:12\n.*main/s);
			assert.match(await open("pages"), /parent|pages/);
			await one.locator(".card li button").first().click();
			assert.equal(await one.evaluate(() => facts.times[here()]), 0.5, "the history leads to its moment");

			await one.evaluate(() => { state.pid = ""; view("events"); });
			await settled(one);
			const rows = (level) => one.evaluate((level) => document.querySelectorAll("#table tr." + level).length, level);
			assert.deepEqual([await rows("raw"), await rows("semantic")], [1, 1], "raw and semantic are told apart");
			await one.locator("#level").selectOption("raw");
			await settled(one);
			assert.deepEqual([await rows("raw"), await rows("semantic"), await rows("note")], [1, 0, 0], "and chosen");
			await one.locator("#table tr.raw").focus();
			await one.keyboard.press("Enter");
			assert.match(await open("as recorded"), /"call": "brk"/);

			await one.locator("#findings button").click();
			await settled(one);
			assert.deepEqual(await one.evaluate(() => [state.view, state.pid, facts.times[here()]]), ["explain", "71", 1.5]);
			assert.match(await text(one, ".card"), /writable-executable \(warning\).*lets data become code/s);
			await one.locator(".card button", {hasText: "region 4"}).click();
			await one.waitForFunction(() => document.querySelector(".card").textContent.includes("id 4"));
			assert.match(await open("members"), /perms: rwxp/);

			await one.evaluate(() => { state.pid = "72"; state.at = -1; view("compare"); });
			await settled(one);
			assert.match(await one.evaluate(() => figure.title), /parent \(70\).*other \(72\)/);
			await one.locator("#reference").selectOption("71");
			await settled(one);
			assert.match(await one.evaluate(() => figure.title), /child \(71\).*other \(72\)/);
			assert.equal((await one.evaluate(async (words) => (await ask({do: "figure", args: words})).out, await args(one))), native(await args(one), more[0]));
		}
	},

	async keyboard() {
		const one = await page();
		for (let i = 1; i <= 9; i++) {
			await one.keyboard.press(String(i));
			await settled(one);
			assert.equal(await one.evaluate(() => state.view), await one.evaluate((i) => VIEWS[i - 1], i));
		}
		await one.keyboard.press("1");
		await settled(one);
		await one.keyboard.press("+");
		assert.ok(await one.evaluate(() => zoom.x1 - zoom.x0 < 1));
		await one.keyboard.press("-");
		await one.keyboard.press("-");
		assert.equal(await one.evaluate(() => zoom.x1 - zoom.x0), 1);
		await one.keyboard.press("ArrowLeft");
		assert.notEqual(await one.evaluate(() => state.at), -1);
		await one.keyboard.press("F1");
		assert.ok(await one.locator("#keys").isVisible());
		await one.keyboard.press("Escape");
		assert.ok(!await one.locator("#keys").isVisible());
		const seen = new Set();
		for (let i = 0; i < 60; i++) {
			await one.keyboard.press("Tab");
			seen.add(await one.evaluate(() => document.activeElement.id || document.activeElement.dataset.view || document.activeElement.tagName));
		}
		for (const id of ["open", "save", "pid", "perms", "address", "find", "plot", "moment", "play", "mark"])
			assert.ok(seen.has(id), "Tab reaches " + id);
	},

	// No rule of axe-core is broken: every view, light and dark, wide and on a phone.
	async access() {
		const axe = readFileSync(process.env.VMPIPE_BROWSER + "/node_modules/axe-core/axe.min.js", "utf8");
		for (const colorScheme of ["light", "dark"])
			for (const viewport of [{width: 1280, height: 720}, {width: 390, height: 844}]) {
				const one = await page(file, {colorScheme, viewport, bypassCSP: true});
				await one.evaluate(axe);
				for (const name of viewport.width > 1000 ? await one.evaluate(() => VIEWS) : ["timeline", "table"]) {
					await one.evaluate((name) => view(name), name);
					await settled(one);
					const {violations} = await one.evaluate(() => axe.run());
					assert.deepEqual(violations.map((fault) => fault.id + ": " + fault.nodes.map((node) => node.html).join(" ").slice(0, 300)), [], `${name}, ${colorScheme}, ${viewport.width}`);
					assert.ok(await one.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "nothing is wider than the window: " + name);
				}
			}
	},

	// Names that are scripts stay texts, in all views.
	async hostile() {
		const one = await page();
		const elements = () => one.evaluate(() => document.querySelectorAll("script, iframe, img, object, embed, link, base, form").length);
		const before = await elements();
		for (const name of await one.evaluate(() => VIEWS)) {
			await one.evaluate((name) => view(name), name);
			await settled(one);
			await one.evaluate(() => { for (const box of (figure.drawn || []).slice(0, 50)) pin(box.title || ""); });
			assert.equal(await elements(), before, name);
			assert.equal(await one.evaluate(() => globalThis.hacked), undefined);
		}
		assert.ok(await one.evaluate(async () => (await ask({do: "figure", args: ["--json", "--view", "table"]})).out.includes("<img")), "the names are in the figures");
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
