"use strict";
/* The live half of the page: takes the stream from the server's WebSocket (server.h has its words), draws while it grows, says what is
 * drawn, and chooses a process where the server may start the pipeline.
 */
const KEEP = 1.5; /* times the server's window: a page that holds more begins anew */
const WAITS = [250, 500, 1000, 2000, 4000]; /* ms before the next try to connect */

live = (() => {
	const words = location.search.slice(1);
	if (words) {
		sessionStorage.setItem("vmpipe", words);
		history.replaceState(null, "", location.pathname + location.hash);
	}
	const token = words || sessionStorage.getItem("vmpipe") || "";
	let socket = null, tries = 0, next = 0, posted = {next: 0, at: 0}, acked = 0, bytes = 0, paused = false, anew = false;
	let status = {status: "live", pick: false, pid: 0, memory: 0, said: ""}, connected = false, spoken = "";
	const latencies = [];

	const make = (name, id, text, more) => Object.assign(document.createElement(name), {id, textContent: text, ...more});
	const line = make("output", "live", "connecting …", {title: "Time from an event to its picture: median, and the time that 95 of 100 stay below"});
	const pause = make("button", "pause", "Pause", {title: "Hold the picture; the stream goes on (p)"});
	const choose = make("button", "choose", "Process…", {title: "Choose the process to look at", hidden: true});
	const stop = make("button", "stop", "Stop", {title: "Stop sampling", hidden: true});
	document.querySelector(".tools").prepend(line, pause, choose, stop);

	/* ---- what is drawn, and when ---- */

	function show_line() {
		const state_of = !connected ? "not connected" : paused ? "paused" : status.status;
		const sorted = [...latencies].sort((a, b) => a - b), of = (share) => Math.round(sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)]);
		const times = sorted.length && status.status !== "ended" ? ` · ${of(0.5)} ms (95 %: ${of(0.95)} ms)` : "";
		const size = bytes >= 1 << 20 ? (bytes / (1 << 20)).toFixed(1) + " MiB" : Math.ceil(bytes / 1024) + " KiB";
		line.textContent = state_of + times + (bytes ? " · " + size : "");
	}

	function drawn(token) {
		if (!token || token.next <= acked)
			return;
		acked = token.next;
		latencies.push(Math.max(performance.timeOrigin + performance.now() - token.at, 0));
		if (latencies.length > 200)
			latencies.shift();
		if (connected)
			socket.send("ack " + token.next);
		show_line();
	}

	/* ---- lines ---- */

	function take_news(news) {
		bytes = news.bytes;
		if (news.whole)
			facts = {times: [], processes: [], told: [], lines: 0};
		for (const t of news.times)
			facts.times.push(t);
		facts.told.push(...news.told.slice(0, Math.max(1000 - facts.told.length, 0)));
		facts.lines = news.lines;
		facts.bytes = news.bytes;
		if (news.processes.length) {
			const known = new Map(facts.processes.map(({pid, name}) => [pid, name]));
			for (const {pid, name} of news.processes)
				known.set(pid, name);
			take_facts({facts: {...facts, processes: [...known].map(([pid, name]) => ({pid, name}))}});
		}
		clock();
		show_line();
		const still = STILL.has(state.view) && at_time() !== null;
		if ((news.times.length || news.whole || news.told.length) && !paused && !still)
			refresh();
	}

	async function take_frame(data) {
		const all = new Uint8Array(data), end = all.indexOf(10), head = JSON.parse(new TextDecoder().decode(all.subarray(0, end)));
		const body = all.slice(end + 1), reset = head.reset || anew;
		if (reset)
			acked = 0;
		anew = false;
		if (head.mode !== "back") {
			next = head.next;
			if (body.length)
				posted = {next, at: head.at};
		}
		take_news(await ask({do: "stream", bytes: body, mode: head.mode, last: head.last, cut: head.cut, reset}, [body.buffer]));
		if (status.memory && bytes > status.memory * KEEP && socket) {
			next = 0;
			anew = true;
			socket.close();
		}
	}

	/* ---- processes ---- */

	const dialog = make("dialog", "picking", ""), filter = make("input", "pick-filter", "", {type: "search", placeholder: "name, pid"}), list = make("select", "pick-list", "", {size: 14});
	const start = make("button", "pick-start", "Start"), close = make("button", "pick-close", "Close");
	filter.setAttribute("aria-label", "Find a process");
	list.setAttribute("aria-label", "Processes");
	dialog.append(make("h2", "pick-title", "Your processes"), filter, list, start, close);
	document.body.append(dialog);
	let processes = [];

	function show_processes() {
		const words = filter.value.trim().toLowerCase(), chosen = list.value;
		const shown = processes.filter(({pid, name, args}) => !words || `${pid} ${name} ${args}`.toLowerCase().includes(words)).sort((a, b) => (String(b.pid) === words) - (String(a.pid) === words) || b.rss - a.rss);
		list.replaceChildren(...shown.map(({pid, name, args, rss}) => new Option(`${pid}  ${name}  ${(rss / (1 << 20)).toFixed(1)} MiB  ${args}`, String(pid))));
		if (shown.some(({pid}) => String(pid) === chosen))
			list.value = chosen;
		else if (shown.length)
			list.selectedIndex = 0;
	}

	function send(words) {
		if (connected)
			socket.send(words);
		else
			say("not connected: nothing was sent", true);
	}

	function pick() {
		send("list");
		dialog.showModal();
		filter.focus();
	}

	function begin() {
		if (!list.value)
			return;
		send("start " + list.value);
		dialog.close();
	}

	/* ---- the connection ---- */

	function take_status(told) {
		const first = told.pick && !status.pick;
		if ((told.status === "ended") !== (status.status === "ended"))
			ask({do: "ended", on: told.status === "ended"});
		status = told;
		choose.hidden = !told.pick || told.status === "running";
		stop.hidden = !told.pick || told.status !== "running";
		if (told.said && told.said !== spoken)
			say(told.said, true);
		spoken = told.said;
		if (first && told.status === "waiting")
			pick();
		show_line();
	}

	function take(data) {
		if (typeof data !== "string") {
			take_frame(data).catch((error) => say(error.message, true));
			return;
		}
		const told = JSON.parse(data);
		if (told.processes) {
			processes = told.processes;
			show_processes();
		} else {
			take_status(told);
		}
	}

	function connect() {
		socket = new WebSocket(`ws://${location.host}/live?${token}`, "vmpipe");
		socket.binaryType = "arraybuffer";
		socket.onopen = () => {
			connected = true;
			tries = 0;
			/* a line that was cut when the connection ended comes again */
			ask({do: "stream", bytes: new Uint8Array(0), mode: "live", cut: true});
			socket.send("from " + next);
			show_line();
		};
		socket.onmessage = ({data}) => take(data);
		socket.onclose = () => {
			connected = false;
			setTimeout(connect, anew ? 0 : WAITS[Math.min(tries++, WAITS.length - 1)]);
			show_line();
		};
	}

	async function hold() {
		paused = !paused;
		pause.textContent = paused ? "Continue" : "Pause";
		take_news(await ask({do: "pause", on: paused}));
	}

	pause.onclick = hold;
	choose.onclick = pick;
	stop.onclick = () => send("stop");
	start.onclick = begin;
	close.onclick = () => dialog.close();
	filter.oninput = show_processes;
	list.ondblclick = begin;
	list.onkeydown = (event) => { if (event.key === "Enter") begin(); };
	addEventListener("keydown", (event) => {
		const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) && event.target.type !== "range";
		if (event.key === "p" && !typing && !document.querySelector("dialog[open]") && !event.ctrlKey && !event.metaKey && !event.altKey)
			hold();
	});
	connect();

	return {
		asks: () => posted,
		shown: (token) => {
			if (status.said && status.status !== "running") /* it stays until something else is started */
				say(status.said, true);
			requestAnimationFrame(() => setTimeout(() => drawn(token), 0));
		},
		mark: (text) => send("mark " + text),
		connection: () => socket,
	};
})();
