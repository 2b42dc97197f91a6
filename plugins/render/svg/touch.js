"use strict";
/* What makes the picture answer: details under the pointer, pins, search, kinds by the legend, zoom.
 * It needs nothing but the file. Without it the picture is the same, with its titles; as an image of
 * another page, or drawn by another program, it never runs. Names become text alone, never markup.
 */
(() => {
	const root = document.currentScript.closest("svg"), all = (query) => [...root.querySelectorAll(query)];
	const NS = root.namespaceURI, HTML = "http://www.w3.org/1999/xhtml", MOST = 64; /* times */
	const number = (one, name) => Number(one.getAttribute(name));
	const size = root.viewBox.baseVal, panel = root.querySelector("rect.panel"), plot = root.querySelector("g.plot");
	const area = panel && plot && {x: number(panel, "x"), y: number(panel, "y"), w: number(panel, "width"), h: number(panel, "height")};
	const make = (name, parent, words) => {
		const one = document.createElementNS(HTML, name);
		if (words)
			one.textContent = words;
		parent.append(one);
		return one;
	};
	const drawn = (name, attributes, parent) => {
		const one = document.createElementNS(NS, name);
		for (const key in attributes)
			one.setAttribute(key, attributes[key]);
		parent.append(one);
		return one;
	};

	/* ---- what can be pointed at: its title is kept here, as the browser's own hint would lie over ours ---- */

	const texts = new Map();
	for (const title of all("title")) {
		const of = title.parentNode;
		if (of === root)
			continue;
		texts.set(of, title.textContent);
		title.remove();
	}
	const targets = [...texts.keys()].filter((one) => one.matches(".b > *, .r"));
	const place = (one) => (one.tagName === "rect" ? {x: number(one, "x"), y: number(one, "y"), w: number(one, "width"), h: number(one, "height")} : one.getBBox());
	const class_of = (one) => (/\bc\d+\b/.exec((one.closest("[class^=c]") || root).getAttribute("class") || "") || [""])[0];

	/* ---- the tools ---- */

	root.setAttribute("role", "group");
	const hold = drawn("foreignObject", {x: Math.max(size.width - 430, 0), y: 4, width: Math.min(426, size.width), height: 54, class: "ui"}, root);
	const bar = make("div", hold);
	bar.className = "bar";
	const said = make("span", bar), find = make("input", bar), back = make("button", bar, "Reset");
	said.setAttribute("role", "status");
	find.type = "search";
	find.placeholder = "find (/)";
	find.setAttribute("aria-label", "Find a name, a kind or an address");
	back.title = "All as at the beginning (Esc)";

	const tip = drawn("foreignObject", {x: 0, y: 0, width: 10, height: 10, class: "ui tip"}, root), tip_text = make("div", tip);
	const pins = drawn("foreignObject", {x: Math.max(size.width - 310, 0), y: 64, width: Math.min(300, size.width), height: Math.max(size.height - 80, 60), class: "ui pins"}, root), cards = make("div", pins);
	tip_text.className = "card";
	tip.style.display = "none";

	function point(event) {
		const matrix = root.getScreenCTM().inverse();
		return {x: event.clientX * matrix.a + event.clientY * matrix.c + matrix.e, y: event.clientX * matrix.b + event.clientY * matrix.d + matrix.f};
	}

	function show_tip(text, at) {
		tip.style.display = text ? "" : "none";
		if (!text)
			return;
		tip_text.textContent = text;
		tip.setAttribute("width", 380);
		tip.setAttribute("height", size.height);
		const box = tip_text.getBoundingClientRect(), scale = Math.abs(root.getScreenCTM().a) || 1, w = box.width / scale, h = box.height / scale;
		tip.setAttribute("x", Math.max(Math.min(at.x + 14, size.width - w - 6), 2));
		tip.setAttribute("y", Math.max(Math.min(at.y + 14, size.height - h - 6), 2));
	}

	function pin(text) {
		const card = make("div", cards), close = make("button", card, "×");
		card.className = "card";
		close.setAttribute("aria-label", "Unpin");
		close.onclick = () => card.remove();
		card.append(text);
	}

	/* ---- zoom: one transform for the boxes; words, ticks and marks move without being stretched ---- */

	const zoom = {x: 1, y: 1, left: 0, top: 0}; /* factors, and the corner that is seen, in px of the whole */
	const to_x = (x) => area.x + (x - area.x - zoom.left) * zoom.x, to_y = (y) => area.y + (y - area.y - zoom.top) * zoom.y;
	const merged = all(".plot .mg").map((one) => ({one, box: place(one)}));
	const words = [], moved = [], stretched = area ? [plot, ...all("path.grid")] : [];
	if (area) {
		const clip = drawn("clipPath", {id: "seen"}, root);
		drawn("rect", {x: area.x, y: area.y - 1, width: area.w, height: area.h + 2}, clip);
		const boxes = targets.filter((one) => one.tagName === "rect").map((one) => ({one, box: place(one)}));
		for (const one of all("text.in")) {
			const x = number(one, "x"), y = number(one, "y"), own = boxes.findLast(({box}) => x >= box.x && x <= box.x + box.w && y >= box.y && y <= box.y + box.h);
			words.push({one, x, y, own, wide: one.getComputedTextLength()});
		}
		const y_of = (one) => (one.tagName === "path" ? Number(/^M[-\d.]+ ([-\d.]+)/.exec(one.getAttribute("d"))[1]) : number(one, "y") - 3.8);
		const x_of = (one) => (one.tagName === "path" ? Number(/^M([-\d.]+)/.exec(one.getAttribute("d"))[1]) : number(one, "x"));
		for (const one of all("text.tick, path.axis")) {
			const d = one.getAttribute("d") || "", across = one.tagName === "path" ? /v4$/.test(d) : one.classList.contains("m");
			if (one.tagName === "path" && !/v4$|h-4$/.test(d))
				continue;
			moved.push(across ? {one, x: x_of(one)} : {one, y: y_of(one)});
		}
		for (const one of all("path.flag"))
			moved.push({one: one.parentNode, x: x_of(one)});
		for (const one of all("g[transform]"))
			if (one.querySelector("rect[fill='url(#zig)']")) {
				const [, x, y] = /translate\(([-\d.]+)[ ,]([-\d.]+)/.exec(one.getAttribute("transform"));
				moved.push({one, y: Number(y) + 3, fixed: Number(x)});
			}
	}
	let asked = 0;

	function settle() {
		asked = 0;
		const plain = zoom.x === 1 && zoom.y === 1;
		for (const one of stretched) {
			if (plain)
				one.removeAttribute("transform");
			else
				one.setAttribute("transform", `matrix(${zoom.x} 0 0 ${zoom.y} ${to_x(0)} ${to_y(0)})`);
		}
		/* The clip is taken in the group's own space: its rectangle is what is seen. */
		const seen = root.querySelector("#seen rect");
		seen.setAttribute("x", area.x + zoom.left);
		seen.setAttribute("y", area.y + zoom.top - 1 / zoom.y);
		seen.setAttribute("width", area.w / zoom.x);
		seen.setAttribute("height", (area.h + 2) / zoom.y);
		for (const one of stretched) {
			if (plain)
				one.removeAttribute("clip-path");
			else
				one.setAttribute("clip-path", "url(#seen)");
		}
		root.classList.toggle("zoomed", !plain);
		for (const {one, x, y, own, wide} of words) {
			const left = own ? Math.max(to_x(own.box.x), area.x) : to_x(x), right = own ? Math.min(to_x(own.box.x + own.box.w), area.x + area.w) : left + wide;
			const top = own ? Math.max(to_y(own.box.y), area.y) : to_y(y) - 6, low = own ? Math.min(to_y(own.box.y + own.box.h), area.y + area.h) : top + 12;
			const fits = right - left >= wide + 8 && low - top >= 12 && left >= area.x && right <= area.x + area.w + 1;
			one.style.display = plain || (own ? fits : left >= area.x && left <= area.x + area.w && top >= area.y && low <= area.y + area.h) ? "" : "none";
			one.setAttribute("x", plain || !own ? to_x(x) : left + 6);
			one.setAttribute("y", plain || !own ? to_y(y) : (top + low) / 2 + 3.9);
		}
		for (const {one, x, y, fixed} of moved) {
			const dx = x === undefined ? 0 : to_x(x) - x, dy = y === undefined ? 0 : to_y(y) - y;
			const inside = (x === undefined || (x + dx >= area.x - 1 && x + dx <= area.x + area.w + 1)) && (y === undefined || (y + dy >= area.y - 1 && y + dy <= area.y + area.h + 1));
			one.style.display = inside ? "" : "none";
			if (fixed !== undefined)
				one.setAttribute("transform", `translate(${fixed} ${y + dy - 3})`);
			else if (plain)
				one.removeAttribute("transform");
			else
				one.setAttribute("transform", `translate(${dx} ${dy})`);
		}
		const part = plain ? 0 : merged.filter(({box}) => to_x(box.x + box.w) >= area.x && to_x(box.x) <= area.x + area.w && to_y(box.y + box.h) >= area.y && to_y(box.y) <= area.y + area.h).length;
		say(part ? part + (part === 1 ? " box here is" : " boxes here are") + " merged: draw with --from, --to or --address to see more" : "");
	}

	function zoom_to(x, y, left, top) {
		if (!area)
			return;
		zoom.x = Math.min(Math.max(x, 1), MOST);
		zoom.y = Math.min(Math.max(y, 1), MOST);
		zoom.left = Math.min(Math.max(left, 0), area.w - area.w / zoom.x);
		zoom.top = Math.min(Math.max(top, 0), area.h - area.h / zoom.y);
		asked = asked || requestAnimationFrame(settle);
	}

	/* Zooms around a point, which stays where it is. */
	function zoom_by(factor, at, upright) {
		const x = upright ? zoom.x : Math.min(Math.max(zoom.x * factor, 1), MOST), y = upright ? Math.min(Math.max(zoom.y * factor, 1), MOST) : zoom.y;
		zoom_to(x, y, zoom.left + (at.x - area.x) * (1 / zoom.x - 1 / x), zoom.top + (at.y - area.y) * (1 / zoom.y - 1 / y));
	}

	const inside = (at) => area && at.x >= area.x && at.x <= area.x + area.w && at.y >= area.y && at.y <= area.y + area.h;
	let grabbed = null;

	root.addEventListener("wheel", (event) => {
		const at = point(event);
		if (!inside(at) || event.ctrlKey || event.target.closest(".ui"))
			return;
		event.preventDefault();
		zoom_by(Math.exp(-Math.max(-1, Math.min(1, (event.deltaY || event.deltaX) / 240))), at, event.shiftKey || !all("text.tick.m").length);
	}, {passive: false});
	root.addEventListener("pointerdown", (event) => {
		const at = point(event);
		if (event.button || event.target.closest(".ui, .key"))
			return;
		grabbed = {at, left: zoom.left, top: zoom.top, on: target(event), moved: false};
		if (inside(at) && (zoom.x > 1 || zoom.y > 1))
			event.preventDefault();
	});
	root.addEventListener("pointermove", (event) => {
		const at = point(event);
		if (grabbed && (event.buttons & 1)) {
			grabbed.moved = grabbed.moved || Math.hypot(at.x - grabbed.at.x, at.y - grabbed.at.y) > 4;
			if (grabbed.moved && inside(grabbed.at)) {
				zoom_to(zoom.x, zoom.y, grabbed.left - (at.x - grabbed.at.x) / zoom.x, grabbed.top - (at.y - grabbed.at.y) / zoom.y);
				show_tip("");
			}
			return;
		}
		const on = target(event);
		show_tip(on ? texts.get(on) : "", at);
	});
	root.addEventListener("pointerup", () => {
		if (grabbed && !grabbed.moved && grabbed.on)
			pin(texts.get(grabbed.on));
		grabbed = null;
	});
	root.addEventListener("pointerleave", () => show_tip(""));

	function target(event) {
		let one = event.target;
		while (one && one !== root && !texts.has(one))
			one = one.parentNode;
		return one === root ? null : one;
	}

	/* ---- search ---- */

	let hits = [], next = 0;
	const say = (text) => { said.textContent = text; };

	function search() {
		const wanted = find.value.trim().toLowerCase();
		hits = [];
		for (const one of targets) {
			const hit = wanted !== "" && texts.get(one).toLowerCase().includes(wanted) && !hidden.has(class_of(one));
			one.classList.toggle("hit", hit);
			if (hit)
				hits.push(one);
		}
		next = 0;
		root.classList.toggle("searching", wanted !== "");
		say(wanted ? hits.length + (hits.length === 1 ? " has" : " have") + " “" + find.value.trim() + "”" : "");
	}

	find.addEventListener("input", search);
	find.addEventListener("keydown", (event) => {
		event.stopPropagation();
		if (event.key === "Escape")
			reset();
		if (event.key !== "Enter" || !hits.length)
			return;
		event.preventDefault();
		pin(texts.get(hits[next]));
		hits[next].scrollIntoView({block: "nearest"});
		next = (next + 1) % hits.length;
	});

	/* ---- kinds: an entry of the legend shows or hides its boxes, their patterns and their words ---- */

	const hidden = new Set(), keys = [];
	for (const swatch of all("g > rect.s")) {
		const name = class_of(swatch);
		let text = swatch.parentNode.nextElementSibling;
		while (text && text.tagName !== "text")
			text = text.nextElementSibling;
		if (!name || !text)
			continue;
		for (const one of [swatch.parentNode, text])
			one.classList.add("key");
		text.setAttribute("tabindex", "0");
		text.setAttribute("role", "button");
		text.setAttribute("aria-pressed", "true");
		const act = () => {
			if (!hidden.delete(name))
				hidden.add(name);
			kinds();
		};
		swatch.parentNode.addEventListener("click", act);
		text.addEventListener("click", act);
		text.addEventListener("keydown", (event) => {
			if (event.key !== "Enter" && event.key !== " ")
				return;
			event.preventDefault();
			event.stopPropagation();
			act();
		});
		keys.push({name, text});
	}

	function kinds() {
		let of = "";
		for (const one of plot ? plot.children : []) {
			of = class_of(one) || of;
			one.style.display = hidden.has(of) && !one.matches(".new, .gone, .was") ? "none" : one.matches(".new, .gone, .was") && hidden.size ? "none" : "";
		}
		for (const one of all(".r"))
			one.style.opacity = hidden.has("c" + (/\bc(\d+)\b/.exec((one.querySelector("[class^=c]") || one).getAttribute("class")) || [])[1]) ? 0.15 : "";
		for (const {one, own} of words)
			one.style.visibility = hidden.has(own ? class_of(own.one) : (one.getAttribute("class").match(/\bl(\d+)\b/) || ["", "?"])[1].replace(/^/, "c")) ? "hidden" : "";
		for (const {name, text} of keys) {
			text.setAttribute("aria-pressed", String(!hidden.has(name)));
			text.style.opacity = hidden.has(name) ? 0.5 : "";
		}
		search();
	}

	/* ---- keys ---- */

	function reset() {
		hidden.clear();
		find.value = "";
		cards.replaceChildren();
		zoom_to(1, 1, 0, 0);
		kinds();
		show_tip("");
	}

	back.onclick = reset;
	document.addEventListener("keydown", (event) => {
		if (event.ctrlKey || event.metaKey || event.altKey || (root !== document.documentElement && !root.contains(event.target)))
			return;
		const middle = area && {x: area.x + area.w / 2, y: area.y + area.h / 2}, step = (dx, dy) => zoom_to(zoom.x, zoom.y, zoom.left + dx * area.w / zoom.x / 8, zoom.top + dy * area.h / zoom.y / 8);
		const acts = {"/": () => find.focus(), Escape: reset};
		if (area)
			Object.assign(acts, {"+": () => zoom_by(1.4, middle, false), "=": () => zoom_by(1.4, middle, false), "-": () => zoom_by(1 / 1.4, middle, false), "*": () => zoom_by(1.4, middle, true), "_": () => zoom_by(1 / 1.4, middle, true)});
		if (area && (zoom.x > 1 || zoom.y > 1))
			Object.assign(acts, {ArrowLeft: () => step(-1, 0), ArrowRight: () => step(1, 0), ArrowUp: () => step(0, -1), ArrowDown: () => step(0, 1)});
		if (!acts[event.key])
			return;
		event.preventDefault();
		acts[event.key]();
	});
	kinds();
})();
