"use strict";
/* The page: asks the engine (worker.js) for figures, draws them, and turns what the user does into
 * options of vm-render. Nothing of the stream is ever HTML: texts go through textContent alone.
 */
const $ = (id) => document.getElementById(id);
const STILL = new Set(["map", "table", "cards", "explain", "stats", "pages", "compare", "sites", "stacks"]); /* show one moment: --at */
const ADDRESSES = new Set(["timeline", "map", "pages"]);
const BY = {table: ["kind", "name", "perms"], summary: ["kind", "name", "event", "process"], events: ["act", "change"], area: ["kind", "name", "region", "process"], stacks: ["live", "mapped", "given", "calls"]};
const EMPTY = "Drop a recording, a vmmap report, smaps or any other text of a memory map on this page, or open a file.";
const COLOURS_DARK = matchMedia("(prefers-color-scheme: dark)");
const START = {view: "timeline", pid: "", perms: "", address: "", find: "", scale: "packed", measure: "auto", by: "", reference: "", level: "", base: -1, at: -1, from: null, to: null, hidden: [], sort: -1, down: false};

let VIEWS = ["timeline"], KINDS = []; /* the engine says which there are */
let state = structuredClone(START), figure = null, facts = {times: [], processes: [], told: [], lines: 0};
let second = null; /* the recording to compare with: {name, facts} */
let live = null; /* render/web: {asks(), shown(token), mark(text)} */
let zoom = {x0: 0, x1: 1, y0: 0, y1: 1}, undo = [], playing = null, failed = "";

/* ---- the worker ---- */

let worker, jobs = new Map(), number = 0;

function ask(job, transfer) {
	return new Promise((resolve, reject) => {
		jobs.set(++number, {resolve, reject});
		worker.postMessage({id: number, ...job}, transfer || []);
	});
}

function start() {
	const url = URL.createObjectURL(new Blob([$("worker").textContent], {type: "text/javascript"}));
	worker = new Worker(url);
	worker.onmessage = ({data}) => {
		const job = jobs.get(data.id);
		jobs.delete(data.id);
		if (data.error !== undefined)
			job.reject(new Error(data.error));
		else
			job.resolve(data);
	};
	worker.onerror = (event) => say("the engine does not start: " + (event.message || "this browser refuses workers"), true);
}

function bytes_of(id) {
	const text = atob($(id).textContent.trim()), bytes = new Uint8Array(text.length);
	for (let i = 0; i < text.length; i++)
		bytes[i] = text.charCodeAt(i);
	$(id).remove();
	return bytes;
}

function say(text, bad) {
	$("said").textContent = text;
	$("said").classList.toggle("bad", Boolean(bad));
}

/* ---- options of vm-render ---- */

const canvas = $("picture"), over = $("over"), plot = $("plot");
const MARGIN = {left: 104, right: 12, top: 20, bottom: 34};

function inner() {
	const w = Math.max(plot.clientWidth - MARGIN.left - MARGIN.right, 40), h = Math.max(plot.clientHeight - MARGIN.top - MARGIN.bottom, 40);
	return {x: MARGIN.left, y: MARGIN.top, w, h};
}

const at_time = () => (state.at < 0 || state.at >= facts.times.length ? null : facts.times[state.at]);

function options(renderer) {
	const box = inner(), args = ["--" + renderer, "--view", state.view];
	const scale_x = 1 / (zoom.x1 - zoom.x0), scale_y = 1 / (zoom.y1 - zoom.y0);
	if (renderer === "json")
		args.push("--width", String(Math.min(Math.round(box.w * scale_x), 100000)), "--height", String(Math.min(Math.round(box.h * scale_y), 100000)));
	const pair = paired();
	if (state.pid && !pair)
		args.push("--pid", state.pid);
	if (state.view === "compare" && state.reference)
		args.push("--reference", state.reference);
	if (state.perms)
		args.push("--perms", state.perms);
	if (state.address)
		args.push("--address", state.address);
	if (state.hidden.length) {
		const shown = KINDS.filter((name) => !state.hidden.includes(name));
		args.push("--kind", shown.join(","));
	}
	if (ADDRESSES.has(state.view))
		args.push("--scale", state.scale);
	if (state.view === "area" || state.view === "tree")
		args.push("--measure", state.measure);
	if (state.by && BY[state.view] && BY[state.view].includes(state.by))
		args.push("--by", state.by);
	if (pair)
		return args;
	if (state.view === "diff" && state.base >= 0)
		args.push("--from", facts.times[state.base].toFixed(9));
	else if (state.from !== null)
		args.push("--from", state.from.toFixed(9));
	if (STILL.has(state.view)) {
		if (at_time() !== null)
			args.push("--at", at_time().toFixed(9));
	} else if (state.view === "diff" && at_time() !== null) {
		args.push("--to", at_time().toFixed(9));
	} else if (state.to !== null) {
		args.push("--to", state.to.toFixed(9));
	}
	return args;
}

/* Options of vm-diff if two recordings are to be compared; else undefined. The open one is A. */
function paired() {
	if (!second || state.view !== "diff")
		return undefined;
	const args = [];
	if (at_time() !== null)
		args.push("--at-a", at_time().toFixed(9));
	if (state.base >= 0)
		args.push("--at-b", second.facts.times[state.base].toFixed(9));
	if (state.pid)
		args.push("--pid-a", state.pid);
	return args;
}

/* ---- drawing ---- */

let wanted = 0, busy = false, again = false;

/* Asks for the figure of the state; of several wishes the last counts. */
async function refresh() {
	if (busy) {
		again = true;
		return;
	}
	busy = true;
	try {
		do {
			again = false;
			const own = ++wanted, asked = {...zoom};
			const token = live && live.asks();
			const answer = await ask({do: "figure", args: options("json"), pair: paired()});
			if (own !== wanted)
				continue;
			figure = JSON.parse(answer.out);
			figure.asked = asked;
			failed = answer.said.trim();
			say(facts.lines ? failed : EMPTY, facts.lines && answer.status !== 0);
			show();
			if (live)
				live.shown(token);
		} while (again);
	} catch (error) {
		say(facts.lines ? error.message : EMPTY, facts.lines > 0);
	} finally {
		busy = false;
	}
}

const colour = (one) => (one ? (COLOURS_DARK.matches ? one.dark : one.light) : "#888888");
const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function text_item(text) {
	const item = document.createElement("li");
	item.textContent = text;
	return item;
}

function legend() {
	const items = figure.classes.map((one) => {
		const item = document.createElement("li"), button = document.createElement("button"), box = document.createElement("i");
		box.style.background = colour(one);
		button.append(box, one.name + (one.detail ? "  " + one.detail : ""));
		if (KINDS.includes(one.name)) {
			button.setAttribute("aria-pressed", "true");
			button.title = "Show or hide " + one.name;
			button.onclick = () => toggle(one.name);
		} else {
			button.disabled = true;
		}
		item.append(button);
		return item;
	});
	for (const name of state.hidden) {
		const item = document.createElement("li"), button = document.createElement("button");
		button.textContent = name;
		button.setAttribute("aria-pressed", "false");
		button.title = "Show " + name;
		button.onclick = () => toggle(name);
		item.append(button);
		items.push(item);
	}
	$("legend").replaceChildren(...items);
}

function toggle(name) {
	remember();
	state.hidden = state.hidden.includes(name) ? state.hidden.filter((other) => other !== name) : [...state.hidden, name];
	change();
}

function show() {
	const picture = figure.shape !== "table";
	$("title").textContent = figure.title || "";
	$("subtitle").textContent = figure.subtitle || "";
	plot.setAttribute("aria-label", (figure.title || state.view) + ". " + (figure.subtitle || "") + ". The view table has the same as text.");
	$("empty").hidden = !figure.empty;
	$("empty").textContent = figure.empty || "";
	plot.hidden = !picture || Boolean(figure.empty);
	$("table").hidden = picture || Boolean(figure.empty);
	$("notes").replaceChildren(...figure.notes.map(text_item));
	legend();
	if (figure.empty)
		return;
	if (picture)
		draw();
	else
		table();
}

/* Shares of the figure to pixels of the plot. */
function place(box) {
	return {
		x: (share) => box.x + (share - zoom.x0) / (zoom.x1 - zoom.x0) * box.w,
		y: (share) => box.y + (1 - (share - zoom.y0) / (zoom.y1 - zoom.y0)) * box.h,
	};
}

function fit(one) {
	const ratio = devicePixelRatio || 1, w = Math.round(plot.clientWidth * ratio), h = Math.round(plot.clientHeight * ratio);
	if (one.width !== w || one.height !== h) {
		one.width = w;
		one.height = h;
	}
	const c = one.getContext("2d");
	c.setTransform(ratio, 0, 0, ratio, 0, 0);
	c.clearRect(0, 0, plot.clientWidth, plot.clientHeight);
	return c;
}

function axes(c, box, to) {
	c.fillStyle = c.strokeStyle = style("--soft");
	c.font = "11px system-ui, sans-serif";
	c.lineWidth = 1;
	let last = -Infinity;
	c.textAlign = "center";
	c.textBaseline = "top";
	for (const tick of figure.x ? figure.x.ticks : []) {
		const x = to.x(tick.at);
		if (x < box.x - 1 || x > box.x + box.w + 1)
			continue;
		c.globalAlpha = 0.25;
		c.fillRect(Math.round(x), box.y, 1, box.h);
		c.globalAlpha = 1;
		const wide = tick.text ? c.measureText(tick.text).width : 0;
		if (tick.text && x - wide / 2 > last + 6) {
			c.fillText(tick.text, Math.min(x, box.x + box.w - wide / 2 + 8), box.y + box.h + 4);
			last = x + wide / 2;
		}
	}
	if (figure.x && figure.x.title)
		c.fillText(figure.x.title, box.x + box.w / 2, box.y + box.h + 18);
	c.textAlign = "right";
	c.textBaseline = "middle";
	last = Infinity;
	for (const tick of figure.y ? [...figure.y.ticks].sort((a, b) => a.at - b.at) : []) {
		const y = to.y(tick.at);
		if (y < box.y - 1 || y > box.y + box.h + 1)
			continue;
		c.globalAlpha = 0.25;
		if (tick.fold)
			c.setLineDash([2, 3]);
		c.beginPath();
		c.moveTo(box.x, Math.round(y) + 0.5);
		c.lineTo(box.x + box.w, Math.round(y) + 0.5);
		c.stroke();
		c.setLineDash([]);
		c.globalAlpha = 1;
		if (tick.text && y < last - 12) {
			c.fillText(tick.text, box.x - 5, y, box.x - 8);
			last = y;
		}
	}
}

function matches(text) {
	const words = state.find.toLowerCase();
	return words !== "" && String(text || "").toLowerCase().includes(words);
}

/* Boxes, and frames of stacks as boxes: what can be pointed at. */
function shapes() {
	if (figure.shape === "boxes")
		return figure.boxes;
	if (figure.shape !== "stacks")
		return [];
	const depth = figure.frames.reduce((most, one) => Math.max(most, one.depth), 0) + 1;
	return figure.frames.map((one) => ({...one, y1: 1 - one.depth / Math.max(depth, 12), y0: 1 - (one.depth + 1) / Math.max(depth, 12), label: one.name, title: one.title || [one.name, one.amount].filter(Boolean).join("\n")}));
}

function draw() {
	const c = fit(canvas), box = inner(), to = place(box), sideways = !figure.x || !figure.x.ticks.length;
	const ground = style("--ground");
	figure.drawn = shapes();
	axes(c, box, to);
	c.save();
	c.beginPath();
	c.rect(box.x, box.y, box.w, box.h);
	c.clip();
	if (figure.shape === "series")
		series(c, box, to);
	for (const one of figure.drawn) {
		const x = to.x(Math.min(one.x0, one.x1)), y = to.y(Math.max(one.y0, one.y1));
		const w = Math.max(to.x(Math.max(one.x0, one.x1)) - x, 1), h = Math.max(to.y(Math.min(one.y0, one.y1)) - y, 1);
		if (x > box.x + box.w || x + w < box.x || y > box.y + box.h || y + h < box.y)
			continue;
		const solid = one.fill === undefined ? 1 : Math.min(one.fill, 1);
		c.fillStyle = colour(figure.classes[one.class]);
		c.globalAlpha = sideways ? 0.35 : 0.28 + 0.72 * solid;
		c.fillRect(x, y, w, h);
		c.globalAlpha = 1;
		if (sideways)
			c.fillRect(x, y, w * solid, h);
		const flags = one.flags || [];
		if (w > 3 && h > 4) {
			c.strokeStyle = ground;
			c.lineWidth = 1;
			c.strokeRect(x + 0.5, y + 0.5, w - 1, h - 1);
		}
		if (!sideways && w > 2) {
			c.fillStyle = style("--text");
			if (flags.includes("new"))
				c.fillRect(x, y, 1.5, h);
			if (flags.includes("gone"))
				c.fillRect(x + w - 1.5, y, 1.5, h);
		} else if (flags.includes("new") || flags.includes("gone") || flags.includes("changed")) {
			c.strokeStyle = style("--text");
			c.setLineDash(flags.includes("gone") ? [3, 3] : flags.includes("changed") ? [7, 3] : []);
			c.lineWidth = 2;
			c.strokeRect(x + 1, y + 1, Math.max(w - 2, 1), Math.max(h - 2, 1));
			c.setLineDash([]);
		}
		if (one.label && h >= 13 && w > 24) {
			c.font = "11px system-ui, sans-serif";
			c.textAlign = "left";
			c.textBaseline = "middle";
			const left = Math.max(x, box.x) + 4, room = Math.min(x + w, box.x + box.w) - left - 4, wide = Math.min(c.measureText(one.label).width, room);
			if (room > 20) {
				c.save();
				c.beginPath();
				c.rect(left - 2, y, room + 4, h);
				c.clip();
				c.globalAlpha = 0.75;
				c.fillStyle = ground;
				c.fillRect(left - 2, y + h / 2 - 7, wide + 4, 14);
				c.globalAlpha = 1;
				c.fillStyle = style("--text");
				c.fillText(one.label, left, y + h / 2);
				c.restore();
			}
		}
	}
	flags(c, box, to);
	c.restore();
	figure.hits = figure.drawn.filter((one) => matches(one.title) || matches(one.label));
	if (state.find)
		say(figure.hits.length + (figure.hits.length === 1 ? " box has" : " boxes have") + " “" + state.find + "”");
	cursor();
}

function flags(c, box, to) {
	let last = -Infinity;
	for (const flag of figure.flags || []) {
		const x = to.x(flag.x);
		c.fillStyle = style("--text");
		c.globalAlpha = 0.6;
		c.fillRect(Math.round(x), box.y, 1, box.h);
		c.globalAlpha = 1;
		if (x < last + 4)
			continue;
		c.font = "11px system-ui, sans-serif";
		c.textAlign = "left";
		c.textBaseline = "top";
		c.fillText(flag.text, x + 3, box.y + 2);
		last = x + c.measureText(flag.text).width;
	}
}

/* Stacked areas; a value holds until the next x. */
function series(c, box, to) {
	const xs = figure.xs, base = new Float64Array(xs.length);
	figure.stacked = figure.series.map((serie) => {
		const top = Float64Array.from(serie.y, (y, i) => base[i] + (y || 0));
		c.beginPath();
		for (let i = 0; i < xs.length; i++) {
			c.lineTo(to.x(xs[i]), to.y(top[i]));
			c.lineTo(to.x(i + 1 < xs.length ? xs[i + 1] : 1), to.y(top[i]));
		}
		for (let i = xs.length - 1; i >= 0; i--) {
			c.lineTo(to.x(i + 1 < xs.length ? xs[i + 1] : 1), to.y(base[i]));
			c.lineTo(to.x(xs[i]), to.y(base[i]));
		}
		c.closePath();
		c.fillStyle = colour(figure.classes[serie.class]);
		c.fill();
		const drawn = {serie, low: Float64Array.from(base), top};
		base.set(top);
		return drawn;
	});
}

/* ---- what lies under the pointer ---- */

function shares(event) {
	const frame = plot.getBoundingClientRect(), box = inner();
	const px = event.clientX - frame.left, py = event.clientY - frame.top;
	return {
		inside: px >= box.x && px <= box.x + box.w && py >= box.y && py <= box.y + box.h,
		x: zoom.x0 + (px - box.x) / box.w * (zoom.x1 - zoom.x0),
		y: zoom.y0 + (1 - (py - box.y) / box.h) * (zoom.y1 - zoom.y0),
		px: (zoom.x1 - zoom.x0) / box.w, py: (zoom.y1 - zoom.y0) / box.h,
	};
}

function under(at) {
	if (!figure || !at.inside)
		return null;
	if (figure.shape === "series") {
		let i = figure.xs.length - 1;
		while (i > 0 && figure.xs[i] > at.x)
			i--;
		const found = (figure.stacked || []).find((one) => at.y >= one.low[i] && at.y < one.top[i]);
		return found ? {title: found.serie.title || found.serie.name, label: found.serie.name} : null;
	}
	for (let i = (figure.drawn || []).length - 1; i >= 0; i--) {
		const one = figure.drawn[i];
		if (at.x >= Math.min(one.x0, one.x1) - at.px / 2 && at.x <= Math.max(one.x0, one.x1) + at.px / 2 &&
			at.y >= Math.min(one.y0, one.y1) - at.py / 2 && at.y <= Math.max(one.y0, one.y1) + at.py / 2)
			return one;
	}
	return null;
}

function words_of(time) {
	return time >= 1 || time === 0 ? +time.toFixed(3) + " s" : +(time * 1000).toFixed(3) + " ms";
}

/* The time axis of a figure: from its first to its last moment. */
function span() {
	const first = state.from !== null ? state.from : facts.times[0] || 0;
	const last = state.to !== null ? state.to : facts.times[facts.times.length - 1] || 0;
	return {first, last: Math.max(last, first + 1e-9)};
}

const timed = () => figure && figure.x && figure.x.title === "time" || figure && ["timeline", "area", "tree"].includes(figure.view);

function tip(event, text) {
	const box = $("tip");
	box.hidden = !text;
	if (!text)
		return;
	box.textContent = text;
	box.style.left = Math.min(event.clientX + 14, innerWidth - box.offsetWidth - 6) + "px";
	box.style.top = Math.min(event.clientY + 14, innerHeight - box.offsetHeight - 6) + "px";
}

function button(text, act, title) {
	const one = document.createElement("button");
	one.textContent = text;
	one.onclick = act;
	if (title)
		one.title = title;
	return one;
}

/* A part of a card that is filled when it is opened. */
function fold(name, fill) {
	const part = document.createElement("details"), head = document.createElement("summary");
	head.textContent = name;
	part.append(head);
	part.addEventListener("toggle", async () => {
		if (!part.open || part.children.length > 1)
			return;
		const body = document.createElement("div");
		part.append(body);
		try {
			await fill(body);
		} catch (error) {
			body.textContent = error.message;
		}
	});
	return part;
}

const kib = (bytes) => (bytes >= 1 << 20 ? +(bytes / (1 << 20)).toFixed(1) + " MiB" : bytes >= 1024 ? +(bytes / 1024).toFixed(1) + " KiB" : bytes + " B");

/* What a change did, in a few words. */
function change_words(line, id) {
	const was = line.was || {}, words = [words_of(line.t), line.event];
	if (line.id !== id)
		words.push((line.from || []).includes(id) ? "→ id " + line.id : "ended with id " + line.id);
	if (was.size !== undefined)
		words.push(kib(was.size) + " → " + kib(line.size));
	if (was.perms !== undefined)
		words.push(was.perms + " → " + line.perms);
	if (was.rss !== undefined && line.rss !== undefined)
		words.push("rss " + kib(was.rss) + " → " + kib(line.rss));
	if (was.name !== undefined)
		words.push("was “" + was.name + "”");
	if ((line.from || []).length && line.id === id)
		words.push("from id " + line.from.join(", "));
	if (line.cause && line.cause.call)
		words.push("by " + line.cause.call);
	return words.join("  ");
}

const frame_words = (frame) => (typeof frame === "object" ? [frame.function || frame.addr, frame.file ? frame.file + (frame.line ? ":" + frame.line : "") : frame.object].filter(Boolean).join("  ") : String(frame));

/* Members, history, cause and pages of a region; each is asked for when its part is opened. */
function region_parts(card, id, range) {
	const moment = at_time(), at = moment === null ? [] : ["--at", moment.toFixed(9)];
	const place = ["--address", range];
	let told = null;
	const story = () => (told = told || ask({do: "region", region: id}));
	const pre = (body, text) => {
		const block = document.createElement("pre");
		block.textContent = text;
		block.tabIndex = 0;
		body.append(block);
	};
	card.append(fold("members" + (moment === null ? "" : " at " + words_of(moment)), async (body) => {
		const answer = JSON.parse((await ask({do: "figure", args: ["--json", "--view", "table", "--preset", "all", ...place, ...at]})).out);
		const n = (answer.columns || []).findIndex((one) => one.name === "id"), row = (answer.rows || []).find((one) => one.cells[n] === String(id));
		let members = row && answer.columns.map((one, i) => (row.cells[i] === null ? "" : one.name + ": " + row.cells[i])).filter(Boolean);
		if (!members) {
			const {first, changes} = await story(), last = changes.filter((one) => one.id === id).pop() || first;
			members = ["it does not live at this moment" + (last ? "; the last line says:" : "")];
			for (const [key, value] of Object.entries(last || {}))
				if (typeof value !== "object")
					members.push(key + ": " + value);
		}
		pre(body, members.join("\n"));
	}), fold("history", async (body) => {
		const {changes, count} = await story(), list = document.createElement("ol");
		list.tabIndex = 0;
		for (const line of changes) {
			const item = document.createElement("li");
			item.append(button(change_words(line, id), () => move_to(nearest(line.t)), "Go to this moment"));
			list.append(item);
		}
		body.append(count ? count + (count === 1 ? " change" : " changes") + (count > changes.length ? ", the last " + changes.length : "") : "no change: it was there at the first sample", list);
	}), fold("cause and stack", async (body) => {
		const {changes, stacks} = await story(), caused = changes.filter((line) => line.cause);
		if (!caused.length)
			pre(body, "no cause is recorded: record system calls with vm-sample --ebpf (--stacks for call stacks)");
		for (const line of caused.slice(-20)) {
			const words = [words_of(line.t) + "  " + line.event];
			for (const [key, value] of Object.entries(line.cause))
				words.push("  " + key + ": " + (typeof value === "object" ? JSON.stringify(value) : value));
			const stack = stacks[line.cause.stack];
			for (const frame of stack ? stack.frames : [])
				words.push("    " + frame_words(frame));
			pre(body, words.join("\n"));
		}
	}), fold("pages", async (body) => pre(body, (await ask({do: "figure", args: ["--ascii", "--width", "44", "--view", "pages", ...place, ...at]})).out.trimEnd())));
}

/* Puts a card with this text to the details; more(card) may add to it. */
function pin(text, more) {
	const card = document.createElement("div"), close = button("×", () => card.remove());
	card.className = "card";
	close.setAttribute("aria-label", "Unpin");
	const address = /0x[0-9a-f]+(-0x[0-9a-f]+)?/.exec(text), id = /^id (\d+)$/m.exec(text);
	card.append(close, text);
	if (address) {
		card.append(button("history", () => { remember(); state.address = address[0].split("-")[0]; state.view = "events"; change(); }, "The events of this address"));
		if (id)
			region_parts(card, Number(id[1]), address[0]);
	}
	if (more)
		more(card);
	const hint = document.querySelector("#cards .hint");
	if (hint)
		hint.remove();
	$("cards").prepend(card);
}

/* ---- findings ---- */

const RULES = {
	"grows": "It grew steadily over the recording. A leak does so; so do a warm-up and a slow sawtooth: see whether its level rises after each fall.",
	"piles-up": "Regions of one kind, size and permissions become ever more. Leaked mappings and thread stacks do so; vm.max_map_count is the limit.",
	"writable-executable": "Memory that is writable and executable at once lets data become code. Programs that compile at run time need it; others should not.",
	"stack-near-limit": "The stack has nearly used its room. Beyond it is a guard, and a fault ends the process.",
	"unguarded": "A stack lies directly above other memory, with no guard page between: an overflow would write there without a fault.",
	"reserved": "Large mappings of which almost nothing is resident. They cost addresses, not memory.",
	"fragmented": "Many holes between regions are too narrow for new mappings.",
	"map-count": "The number of regions is close to vm.max_map_count: then mmap fails although memory is free.",
	"cgroup-limit": "The control group is nearly full: the kernel reclaims page cache first, then kills.",
	"failed-call": "The kernel refused a call. The numbers compare what was asked for with the limits that are known.",
};

function explain_finding(line) {
	remember();
	state.view = "explain";
	state.at = nearest(line.t) >= facts.times.length - 1 ? -1 : nearest(line.t);
	if (facts.processes.length > 1 && line.pid !== undefined)
		state.pid = String(line.pid);
	change();
	const words = [line.rule + " (" + line.severity + ") at " + words_of(line.t), line.text, RULES[line.rule] || ""];
	for (const [key, value] of Object.entries(line))
		if (!["type", "t", "rule", "severity", "text", "ids"].includes(key))
			words.push(key + ": " + (typeof value === "object" ? JSON.stringify(value) : value));
	pin(words.filter(Boolean).join("\n"), (card) => {
		for (const id of (line.ids || []).slice(0, 16))
			card.append(button("region " + id, async () => {
				const {first, changes} = await ask({do: "region", region: id}), last = changes.filter((one) => one.id === id).pop() || first;
				if (last)
					pin([last.start + "-" + last.end + " " + kib(last.size), [last.perms, last.kind, last.name].filter(Boolean).join(" "), "id " + id].join("\n"));
			}, "The details of this region"));
	});
}

function findings() {
	const found = facts.told.filter((line) => line.type === "finding");
	$("findings").hidden = !found.length;
	$("findings").querySelector("ul").replaceChildren(...found.slice(0, 200).map((line) => {
		const item = document.createElement("li");
		item.className = String(line.severity);
		item.append(words_of(line.t) + "  " + line.text + " ", button("explain this", () => explain_finding(line), "What it means, and this moment in plain words"));
		return item;
	}));
}

/* The moment, the chosen box and what was found, above the picture. */
let pointed = null, brush = null;

function cursor() {
	const c = fit(over), box = inner(), to = place(box), accent = style("--accent");
	if (!figure || figure.empty || plot.hidden)
		return;
	c.save();
	c.beginPath();
	c.rect(box.x, box.y, box.w, box.h);
	c.clip();
	c.strokeStyle = accent;
	c.lineWidth = 2;
	const frame = (one) => {
		const x = to.x(Math.min(one.x0, one.x1)), y = to.y(Math.max(one.y0, one.y1));
		c.strokeRect(x, y, Math.max(to.x(Math.max(one.x0, one.x1)) - x, 2), Math.max(to.y(Math.min(one.y0, one.y1)) - y, 2));
	};
	for (const one of figure.hits || [])
		frame(one);
	if (pointed && pointed.x0 !== undefined)
		frame(pointed);
	if (timed() && at_time() !== null) {
		const {first, last} = span(), x = to.x((at_time() - first) / (last - first));
		c.fillStyle = accent;
		c.fillRect(Math.round(x) - 1, box.y, 2, box.h);
	}
	if (brush) {
		c.fillStyle = accent;
		c.globalAlpha = 0.25;
		c.fillRect(to.x(Math.min(brush.from, brush.to)), box.y, Math.abs(to.x(brush.to) - to.x(brush.from)), box.h);
	}
	c.restore();
}

/* ---- zoom ---- */

let settled = 0; /* a timer: a figure is asked for when it fires */

function zoom_to(next) {
	const limit = (low, high) => {
		const size = Math.min(Math.max(high - low, 1 / 4096), 1), from = Math.min(Math.max(low, 0), 1 - size);
		return [from, from + size];
	};
	[zoom.x0, zoom.x1] = limit(next.x0, next.x1);
	[zoom.y0, zoom.y1] = limit(next.y0, next.y1);
	if (figure && figure.shape !== "table" && !figure.empty)
		draw();
	/* a figure with more boxes, once the hand rests */
	clearTimeout(settled);
	settled = setTimeout(() => {
		settled = 0;
		const old = figure && figure.asked;
		if (old && (Math.abs((old.x1 - old.x0) / (zoom.x1 - zoom.x0) - 1) > 0.2 || Math.abs((old.y1 - old.y0) / (zoom.y1 - zoom.y0) - 1) > 0.2))
			refresh();
	}, 120);
}

function zoom_by(factor, at, upright) {
	const next = {...zoom}, low = upright ? "y0" : "x0", high = upright ? "y1" : "x1", middle = upright ? at.y : at.x;
	next[low] = middle - (middle - zoom[low]) * factor;
	next[high] = middle + (zoom[high] - middle) * factor;
	zoom_to(next);
}

plot.addEventListener("wheel", (event) => {
	event.preventDefault();
	const at = shares(event), flat = figure && (!figure.x || !figure.x.ticks.length);
	zoom_by(Math.exp(Math.max(-1, Math.min(1, (event.deltaY || event.deltaX) / 240))), at, event.shiftKey || flat);
}, {passive: false});

const hands = new Map();
let pinch = null, grabbed = null;

plot.addEventListener("pointerdown", (event) => {
	plot.setPointerCapture(event.pointerId);
	hands.set(event.pointerId, event);
	const at = shares(event);
	if (hands.size === 2) {
		const [a, b] = [...hands.values()];
		pinch = {distance: Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY), zoom: {...zoom}};
		grabbed = null;
	} else if (event.shiftKey && timed()) {
		brush = {from: at.x, to: at.x};
	} else {
		grabbed = {at, x: event.clientX, y: event.clientY, zoom: {...zoom}, moved: false};
	}
});

plot.addEventListener("pointermove", (event) => {
	const at = shares(event);
	if (hands.has(event.pointerId))
		hands.set(event.pointerId, event);
	if (pinch && hands.size === 2) {
		const [a, b] = [...hands.values()], factor = pinch.distance / Math.max(Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY), 1);
		zoom = {...pinch.zoom};
		zoom_by(factor, at, false);
		return;
	}
	if (brush) {
		brush.to = at.x;
		cursor();
		return;
	}
	if (grabbed) {
		const box = inner(), dx = (event.clientX - grabbed.x) / box.w * (grabbed.zoom.x1 - grabbed.zoom.x0), dy = (event.clientY - grabbed.y) / box.h * (grabbed.zoom.y1 - grabbed.zoom.y0);
		grabbed.moved = grabbed.moved || Math.hypot(event.clientX - grabbed.x, event.clientY - grabbed.y) > 4;
		if (grabbed.moved)
			zoom_to({x0: grabbed.zoom.x0 - dx, x1: grabbed.zoom.x1 - dx, y0: grabbed.zoom.y0 + dy, y1: grabbed.zoom.y1 + dy});
		return;
	}
	const one = under(at);
	if (one !== pointed) {
		pointed = one;
		cursor();
	}
	let text = one ? one.title || one.label : "";
	if (figure && figure.shape === "series" && one) {
		const {first, last} = span();
		text += "\nat " + words_of(first + at.x * (last - first));
	}
	tip(event, text);
});

function release(event) {
	hands.delete(event.pointerId);
	if (hands.size < 2)
		pinch = null;
	if (brush) {
		const {first, last} = span(), from = first + Math.min(brush.from, brush.to) * (last - first), to = first + Math.max(brush.from, brush.to) * (last - first);
		const wide = Math.abs(brush.to - brush.from) > 0.003;
		brush = null;
		if (wide) {
			remember();
			state.from = Math.max(from, facts.times[0]);
			state.to = to;
			zoom = {x0: 0, x1: 1, y0: zoom.y0, y1: zoom.y1};
			change();
		}
		cursor();
	} else if (grabbed && !grabbed.moved) {
		const at = shares(event), one = under(at);
		if (timed() && at.inside) {
			const {first, last} = span();
			move_to(nearest(first + at.x * (last - first)));
		}
		if (one)
			pin(one.title || one.label);
	}
	grabbed = null;
}
plot.addEventListener("pointerup", release);
plot.addEventListener("pointercancel", (event) => { hands.delete(event.pointerId); grabbed = brush = pinch = null; cursor(); });
plot.addEventListener("pointerleave", (event) => { pointed = null; tip(event, ""); cursor(); });

/* ---- tables: the rows that are seen, and some around them ---- */

const ROW = 22;

function amount(text) {
	if (text === null || text === undefined)
		return -Infinity;
	const number = Number(String(text).replace(/ (KiB|s|us)$/, ""));
	return number === number && text !== "" ? number : null;
}

const level_of = (row) => (figure.view === "events" ? row.cells[figure.columns.findIndex((one) => one.name === "level")] : null);

function sorted() {
	const rows = figure.rows.map((row, i) => ({...row, i})).filter((row) => !state.level || figure.view !== "events" || level_of(row) === state.level);
	if (state.sort < 0 || state.sort >= figure.columns.length)
		return rows;
	const by = state.sort, sign = state.down ? -1 : 1;
	return rows.sort((left, right) => {
		const a = left.cells[by], b = right.cells[by], x = amount(a), y = amount(b);
		const order = x !== null && y !== null ? x - y : String(a || "").localeCompare(String(b || ""));
		return order ? sign * order : left.i - right.i;
	});
}

function cells(row, kind) {
	const line = document.createElement("tr");
	row.cells.forEach((text, i) => {
		const cell = document.createElement("td");
		if (figure.columns[i].align === "right")
			cell.className = "right";
		if (i === 0 && row.class !== undefined) {
			const box = document.createElement("i");
			box.style.background = colour(figure.classes[row.class]);
			cell.append(box);
		}
		cell.append(text === null ? "" : text);
		line.append(cell);
	});
	if (kind)
		line.className = kind;
	else if (row.cells.some(matches))
		line.className = "found";
	const level = kind ? null : level_of(row);
	if (level)
		line.classList.add(level);
	line.tabIndex = kind ? -1 : 0;
	line.onkeydown = (event) => { if (event.key === "Enter") line.onclick(); };
	line.onclick = () => (level ? pin_event(row, level) : pin(row_words(row)));
	return line;
}

const row_words = (row) => figure.columns.map((column, i) => (row.cells[i] === null ? "" : column.name + ": " + row.cells[i])).filter(Boolean).join("\n");

/* An event: its cells, its lines as they stand, and the region that it is about. */
function pin_event(row, level) {
	const cell = (name) => { const i = figure.columns.findIndex((one) => one.name === name); return i < 0 ? null : row.cells[i]; };
	const t = Number(cell("t")), act = level === "semantic" && cell("act") !== null ? Number(cell("act")) : null, id = cell("id");
	const types = {raw: ["event"], semantic: ["change"]}[level] || ["process", "finding", "mark", "lost", "end", "stack", "module"];
	pin(row_words(row), (card) => {
		card.append(button("go there", () => move_to(nearest(t)), "Go to this moment"));
		card.append(fold("as recorded", async (body) => {
			const {lines} = await ask({do: "lines", t, types, act});
			const block = document.createElement("pre");
			block.tabIndex = 0;
			block.textContent = lines.map((line) => JSON.stringify(JSON.parse(line), null, 1)).join("\n") || "no line of this moment";
			body.append(block);
		}));
		if (id !== null && /^\d+$/.test(id) && /^[0-9a-f]+-[0-9a-f]+$/.test(cell("range") || ""))
			region_parts(card, Number(id), cell("range"));
	});
}

function table() {
	const area = $("table");
	if (figure.verbatim) {
		const text = document.createElement("pre");
		text.textContent = figure.rows.map((row) => row.cells[0] || "").join("\n");
		area.replaceChildren(text);
		return;
	}
	const whole = document.createElement("table"), head = document.createElement("thead"), body = document.createElement("tbody"), line = document.createElement("tr");
	figure.columns.forEach((column, i) => {
		const cell = document.createElement("th");
		cell.scope = "col";
		cell.tabIndex = 0;
		cell.textContent = column.name;
		cell.className = column.align;
		if (state.sort === i)
			cell.setAttribute("aria-sort", state.down ? "descending" : "ascending");
		cell.onclick = () => { state.down = state.sort === i ? !state.down : column.align === "right"; state.sort = i; link(); table(); };
		cell.onkeydown = (event) => { if (event.key === "Enter") cell.onclick(); };
		line.append(cell);
	});
	head.append(line);
	whole.append(head, body);
	const rows = sorted();
	if (figure.totals)
		rows.push({cells: figure.totals, total: true});
	const before = document.createElement("tr"), after = document.createElement("tr");
	const fill = () => {
		const from = Math.max(Math.floor(area.scrollTop / ROW) - 20, 0), to = Math.min(from + Math.ceil(area.clientHeight / ROW) + 40, rows.length);
		before.style.height = from * ROW + "px";
		after.style.height = (rows.length - to) * ROW + "px";
		body.replaceChildren(before, ...rows.slice(from, to).map((row) => cells(row, row.total ? "total" : "")), after);
	};
	const top = area.scrollTop;
	area.replaceChildren(whole);
	area.onscroll = fill;
	area.scrollTop = top;
	fill();
	if (state.find) {
		const found = rows.filter((row) => !row.total && row.cells.some(matches)).length;
		say(found + (found === 1 ? " row has" : " rows have") + " “" + state.find + "”");
	}
}

/* ---- time ---- */

function nearest(time) {
	let low = 0, high = facts.times.length - 1;
	while (low < high) {
		const middle = (low + high + 1) >> 1;
		if (facts.times[middle] <= time)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

function move_to(index, quiet) {
	const last = facts.times.length - 1, old = state.at;
	state.at = index >= last ? -1 : Math.max(index, 0);
	clock();
	if (old === state.at)
		return;
	link();
	if (STILL.has(state.view) || state.view === "diff")
		refresh();
	else if (!quiet)
		cursor();
}

const here = () => (state.at < 0 ? facts.times.length - 1 : state.at);

function clock() {
	const slider = $("moment");
	slider.max = String(Math.max(facts.times.length - 1, 0));
	slider.value = String(here());
	const words = facts.times.length ? words_of(facts.times[here()]) + (state.at < 0 ? " (last)" : "") : "";
	$("now").textContent = words;
	slider.setAttribute("aria-valuetext", words);
}

/* Plays by the times of the recording; the next step waits for the picture of the last. */
function play() {
	if (playing) {
		cancelAnimationFrame(playing.request);
		playing = null;
		$("play").textContent = "Play";
		return;
	}
	if (facts.times.length < 2)
		return;
	if (state.at < 0)
		move_to(0);
	playing = {time: facts.times[here()], before: performance.now()};
	$("play").textContent = "Pause";
	const step = (now) => {
		if (!playing)
			return;
		if (!busy) {
			playing.time += (now - playing.before) / 1000 * Number($("speed").value);
			playing.before = now;
			const next = nearest(playing.time);
			if (next >= facts.times.length - 1) {
				move_to(next);
				play();
				return;
			}
			if (next !== here()) {
				move_to(next, true);
				cursor();
			}
		} else {
			playing.before = now;
		}
		playing.request = requestAnimationFrame(step);
	};
	playing.request = requestAnimationFrame(step);
}

/* ---- the state, in the link ---- */

function remember() {
	undo.push(JSON.stringify({state, zoom}));
	if (undo.length > 100)
		undo.shift();
}

function link() {
	const words = new URLSearchParams();
	for (const key of Object.keys(START)) {
		const value = state[key];
		if (JSON.stringify(value) !== JSON.stringify(START[key]))
			words.set(key, Array.isArray(value) ? value.join(",") : String(value));
	}
	if (zoom.x1 - zoom.x0 < 1 || zoom.y1 - zoom.y0 < 1)
		words.set("zoom", [zoom.x0, zoom.x1, zoom.y0, zoom.y1].map((one) => one.toFixed(6)).join(","));
	try {
		history.replaceState(null, "", "#" + words);
	} catch (error) { /* a page without an address of its own keeps no link */ }
}

function from_link() {
	const words = new URLSearchParams(location.hash.slice(1)), number = (text) => (text !== null && text !== "" && Number(text) === Number(text) ? Number(text) : null);
	for (const key of ["pid", "perms", "address", "find", "scale", "measure", "by", "reference", "level"])
		if (words.has(key))
			state[key] = words.get(key);
	if (VIEWS.includes(words.get("view")))
		state.view = words.get("view");
	for (const key of ["from", "to"])
		state[key] = number(words.get(key));
	for (const key of ["at", "base", "sort"])
		if (number(words.get(key)) !== null)
			state[key] = Math.trunc(number(words.get(key)));
	state.down = words.get("down") === "true";
	state.hidden = (words.get("hidden") || "").split(",").filter(Boolean);
	const limits = (words.get("zoom") || "").split(",").map(Number);
	if (limits.length === 4 && limits.every((one) => one >= 0 && one <= 1) && limits[0] < limits[1] && limits[2] < limits[3])
		zoom = {x0: limits[0], x1: limits[1], y0: limits[2], y1: limits[3]};
}

/* Puts the state into the controls and asks for its figure. */
function change() {
	for (const id of ["perms", "address", "find", "scale", "measure"])
		if ($(id).value !== state[id])
			$(id).value = state[id];
	$("pid").value = state.pid;
	$("by").replaceChildren(...["", ...(BY[state.view] || [])].map((word) => new Option(word || "—", word)));
	$("by").value = (BY[state.view] || []).includes(state.by) ? state.by : "";
	$("for-by").hidden = !BY[state.view];
	$("for-scale").hidden = !ADDRESSES.has(state.view);
	$("for-measure").hidden = state.view !== "area" && state.view !== "tree";
	for (const tab of $("views").children) {
		const chosen = tab.dataset.view === state.view;
		tab.setAttribute("aria-selected", String(chosen));
		tab.tabIndex = chosen ? 0 : -1;
	}
	$("for-reference").hidden = state.view !== "compare";
	$("for-level").hidden = state.view !== "events";
	$("reference").value = state.reference;
	$("level").value = state.level;
	bases();
	clock();
	link();
	refresh();
}

/* The moment to compare with: of the second recording, or of this one. */
function bases() {
	const times = second ? second.facts.times : facts.times, last = times.length - 1;
	$("for-base").hidden = state.view !== "diff" || !times.length;
	$("base-name").textContent = second ? "B: " + second.name + " at" : "A at";
	$("base-now").hidden = Boolean(second);
	$("alone").hidden = !second;
	if (state.base > last)
		state.base = -1;
	$("base").max = String(Math.max(last, 0));
	$("base").value = String(state.base >= 0 ? state.base : second ? last : 0);
	const words = state.base >= 0 ? words_of(times[state.base]) : second ? "last" : "first";
	$("base-at").textContent = words;
	$("base").setAttribute("aria-valuetext", words);
}

function take_facts(answer) {
	facts = answer.facts;
	const all = new Option(facts.processes.length > 1 ? "all / first" : "the only one", "");
	$("pid").replaceChildren(all, ...facts.processes.map(({pid, name}) => new Option(pid + (name ? " " + name : ""), String(pid))));
	if (state.pid && !facts.processes.some(({pid}) => String(pid) === state.pid))
		state.pid = "";
	$("reference").replaceChildren(new Option("parent", ""), ...facts.processes.map(({pid, name}) => new Option(pid + (name ? " " + name : ""), String(pid))));
	if (!facts.processes.some(({pid}) => String(pid) === state.reference))
		state.reference = "";
	if (state.at >= facts.times.length)
		state.at = -1;
	if (!second && state.base >= facts.times.length)
		state.base = -1;
	findings();
}

function view(name) {
	if (name === state.view)
		return;
	remember();
	state.view = name;
	state.sort = -1;
	zoom = {x0: 0, x1: 1, y0: 0, y1: 1};
	figure = null;
	change();
}

/* ---- files in and out ---- */

async function take(file) {
	say("reading " + file.name + " …");
	try {
		const bytes = new Uint8Array(await file.arrayBuffer());
		const answer = await ask({do: "text", bytes, name: file.name}, [bytes.buffer]);
		state = {...structuredClone(START), view: state.view};
		zoom = {x0: 0, x1: 1, y0: 0, y1: 1};
		undo = [];
		second = null;
		take_facts(answer);
		change();
		document.title = file.name + " – vmpipe";
	} catch (error) {
		say(file.name + ": " + error.message, true);
	}
}

/* Takes a second recording or text, and shows what differs. */
async function take_second(file) {
	say("reading " + file.name + " …");
	try {
		const bytes = new Uint8Array(await file.arrayBuffer());
		const answer = await ask({do: "second", bytes, name: file.name}, [bytes.buffer]);
		remember();
		second = {name: file.name, facts: answer.facts};
		state.base = state.at = -1;
		state.view = "diff";
		zoom = {x0: 0, x1: 1, y0: 0, y1: 1};
		change();
	} catch (error) {
		say(file.name + ": " + error.message, true);
	}
}

/* A file is dropped on an empty page, or beside what is open: then the user says what it is for. */
let waiting = [];

function dropped(files) {
	waiting = [...files];
	if (!facts.lines) {
		take(waiting[0]).then(() => { if (waiting[1]) take_second(waiting[1]); });
		return;
	}
	$("dropped-name").textContent = waiting[0].name;
	$("dropped").returnValue = "";
	$("dropped").showModal();
}

$("dropped").addEventListener("close", () => {
	const what = $("dropped").returnValue;
	if (what === "open")
		take(waiting[0]);
	else if (what === "second")
		take_second(waiting[0]);
});

function save_as(name, blob) {
	const to = document.createElement("a");
	to.href = URL.createObjectURL(blob);
	to.download = name;
	to.click();
	setTimeout(() => URL.revokeObjectURL(to.href), 10000);
}

/* One field of CSV (RFC 4180). A spreadsheet must not take a text for a formula. */
function field(text) {
	const safe = text === null ? "" : /^[=@\t\r]|^[+-](?![0-9.])/.test(text) ? "'" + text : text;
	return /[",\n\r]/.test(safe) ? '"' + safe.replaceAll('"', '""') + '"' : safe;
}

function csv() {
	const line = (list) => list.map(field).join(",") + "\r\n";
	if (figure.shape === "table")
		return line(figure.columns.map((one) => one.name)) + sorted().map((row) => line(row.cells)).join("");
	if (figure.shape === "series")
		return line(["x", ...figure.series.map((one) => one.name)]) + figure.xs.map((x, i) => line([x, ...figure.series.map((one) => one.y[i])].map(String))).join("");
	return line(["x0", "x1", "y0", "y1", "class", "label", "title"]) + figure.drawn.map((one) => line([one.x0, one.x1, one.y0, one.y1].map(String).concat([(figure.classes[one.class] || {}).name || "", one.label || "", one.title || ""]))).join("");
}

async function save(kind) {
	const name = "vmpipe-" + state.view;
	try {
		if (kind === "svg" || kind === "txt")
			save_as(name + "." + kind, new Blob([(await ask({do: "figure", args: options(kind === "svg" ? "svg" : "ascii"), pair: paired()})).out]));
		else if (kind === "csv")
			save_as(name + ".csv", new Blob([csv()], {type: "text/csv"}));
		else if (kind === "ndjson")
			save_as("recording.ndjson", new Blob([(await ask({do: "recording"})).bytes]));
		else if (kind === "png")
			png(name);
	} catch (error) {
		say(error.message, true);
	}
}

function png(name) {
	if (plot.hidden) {
		say("a table has no PNG: save it as CSV or text", true);
		return;
	}
	const whole = document.createElement("canvas"), c = whole.getContext("2d");
	whole.width = canvas.width;
	whole.height = canvas.height;
	c.fillStyle = style("--ground");
	c.fillRect(0, 0, whole.width, whole.height);
	c.drawImage(canvas, 0, 0);
	c.drawImage(over, 0, 0);
	whole.toBlob((blob) => save_as(name + ".png", blob));
}

/* ---- what the user does ---- */

function reset() {
	remember();
	state = {...structuredClone(START), view: state.view};
	zoom = {x0: 0, x1: 1, y0: 0, y1: 1};
	say("");
	change();
}

function go_back() {
	const before = undo.pop();
	if (!before)
		return;
	({state, zoom} = JSON.parse(before));
	change();
}

/* The present moment becomes the first of the two that the view diff compares. */
function base_here() {
	if (!facts.times.length || second)
		return;
	remember();
	state.base = here();
	state.at = -1;
	state.view = "diff";
	change();
}

function marking() {
	$("mark-at").textContent = live ? "now" : facts.times.length ? words_of(facts.times[here()]) : "";
	$("mark-text").value = "";
	$("marking").showModal();
	$("mark-text").focus();
}

$("marking").addEventListener("close", async () => {
	const text = $("mark-text").value.trim();
	if ($("marking").returnValue !== "add" || !text || !facts.times.length)
		return;
	if (live) {
		live.mark(text);
		return;
	}
	take_facts(await ask({do: "mark", t: facts.times[here()], text}));
	change();
});

function tabs() {
	$("views").replaceChildren(...VIEWS.map((name, i) => {
		const tab = document.createElement("button");
		tab.setAttribute("role", "tab");
		tab.dataset.view = name;
		tab.textContent = name;
		if (i < 9)
			tab.title = "Key " + (i + 1);
		tab.onclick = () => view(name);
		return tab;
	}));
}
$("views").addEventListener("keydown", (event) => {
	const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
	if (!step)
		return;
	event.stopPropagation();
	const next = VIEWS[(VIEWS.indexOf(state.view) + step + VIEWS.length) % VIEWS.length];
	view(next);
	$("views").querySelector(`[data-view=${next}]`).focus();
});
for (const id of ["pid", "perms", "address", "scale", "measure", "by", "reference", "level"])
	$(id).addEventListener("change", () => { remember(); state[id] = $(id).value.trim(); change(); });
$("find").addEventListener("input", () => { state.find = $("find").value.trim(); say(""); link(); if (figure) show(); });
$("base").addEventListener("input", () => { state.base = Number($("base").value); bases(); link(); refresh(); });
$("base-now").onclick = base_here;
$("alone").onclick = () => { second = null; state.base = -1; change(); };
$("compare").onclick = () => $("file-second").click();
$("file-second").onchange = () => { if ($("file-second").files.length) take_second($("file-second").files[0]); $("file-second").value = ""; };
$("moment").addEventListener("input", () => move_to(Number($("moment").value)));
$("back").onclick = () => move_to(here() - 1);
$("next").onclick = () => move_to(here() + 1);
$("end").onclick = () => move_to(facts.times.length);
$("play").onclick = play;
$("undo").onclick = go_back;
$("mark").onclick = marking;
$("reset").onclick = reset;
$("help").onclick = () => $("keys").showModal();
$("open").onclick = () => $("file").click();
$("file").onchange = () => { if ($("file").files.length) take($("file").files[0]); $("file").value = ""; };
$("save").onchange = () => { const kind = $("save").value; $("save").value = ""; save(kind); };
addEventListener("dragover", (event) => { event.preventDefault(); document.body.classList.add("over"); });
addEventListener("dragleave", () => document.body.classList.remove("over"));
addEventListener("drop", (event) => {
	event.preventDefault();
	document.body.classList.remove("over");
	if (event.dataTransfer.files.length)
		dropped(event.dataTransfer.files);
});

addEventListener("keydown", (event) => {
	const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) && event.target.id !== "moment";
	if (event.key === "F1") {
		event.preventDefault();
		$("keys").showModal();
		return;
	}
	if (document.querySelector("dialog[open]") || event.ctrlKey || event.metaKey || event.altKey)
		return;
	if (typing) {
		if (event.key === "Escape")
			event.target.blur();
		return;
	}
	const middle = {x: (zoom.x0 + zoom.x1) / 2, y: (zoom.y0 + zoom.y1) / 2};
	const keys = {
		ArrowLeft: () => move_to(here() - 1), ArrowRight: () => move_to(here() + 1), Home: () => move_to(0), End: () => move_to(facts.times.length),
		" ": play, "/": () => $("find").focus(), m: marking, b: base_here, c: () => $("file-second").click(), o: () => $("file").click(), z: go_back, Escape: reset, "?": () => $("keys").showModal(),
		"+": () => zoom_by(0.7, middle, false), "=": () => zoom_by(0.7, middle, false), "-": () => zoom_by(1 / 0.7, middle, false),
		"*": () => zoom_by(0.7, middle, true), "_": () => zoom_by(1 / 0.7, middle, true),
	};
	const number = Number(event.key);
	if (number >= 1 && number <= 9)
		view(VIEWS[number - 1]);
	else if (event.target.tagName === "BUTTON" && event.key === " ")
		return;
	else if (keys[event.key])
		keys[event.key]();
	else
		return;
	event.preventDefault();
});
new ResizeObserver(() => { if (figure && !plot.hidden) { draw(); clearTimeout(settled); settled = setTimeout(() => { settled = 0; refresh(); }, 150); } }).observe(plot);
COLOURS_DARK.addEventListener("change", () => { if (figure) show(); });

(async () => {
	start();
	try {
		const engine = bytes_of("engine"), recording = bytes_of("recording");
		const answer = await ask({do: "open", engine, recording}, [engine.buffer, recording.buffer]);
		VIEWS = answer.views;
		KINDS = answer.kinds;
		tabs();
		from_link();
		take_facts(answer);
		change();
	} catch (error) {
		say(error.message, true);
	}
})();
