
/* ---- live: the recording grows (plugins/render/web) ----
 *
 *   page -> {id, do: "stream", bytes, mode, last, cut, reset}   a frame of the server
 *   page -> {id, do: "pause", on}                              figures stay with the lines that are there
 *   page -> {id, do: "ended", on}                              nothing more comes
 *   worker -> {id, times, processes, told, lines, bytes, whole} what is new; whole: all of it
 */
let room = new Uint8Array(1 << 20), used = 0, frozen = false, owed = false; /* owed: the page needs all of it */
const seen = {recording, bytes: 0, lines: 0, last: -Infinity, processes: new Map()};
const join = {from: 0, to: 0, on: false, back: []};

function push(bytes) {
	if (used + bytes.length > room.length) {
		const bigger = new Uint8Array((used + bytes.length) * 2);
		bigger.set(room.subarray(0, used));
		room = bigger;
	}
	room.set(bytes, used);
	used += bytes.length;
}

/* The end of the last whole line. */
const whole = () => room.subarray(0, used).lastIndexOf(LINE) + 1;

/* Surveys what is new since the last call, or all. Another recording that was opened stays until the page goes on with the stream. */
function news(anew) {
	owed = owed || anew;
	const all = owed, end = whole(), from = all ? 0 : seen.bytes;
	if (frozen || recording !== seen.recording)
		return {times: [], processes: [], told: [], lines: seen.lines, bytes: end, whole: false};
	const part = survey(room.subarray(from, end)), processes = all ? part.processes : part.processes.filter(({pid, name}) => !seen.processes.has(pid) || name && seen.processes.get(pid) !== name);
	if (all)
		Object.assign(seen, {lines: 0, last: -Infinity, processes: new Map()});
	for (const {pid, name} of processes)
		seen.processes.set(pid, name);
	const times = part.times.filter((t) => t > seen.last);
	seen.last = times.length ? times[times.length - 1] : seen.last;
	seen.lines += part.lines;
	seen.bytes = end;
	recording = seen.recording = room.subarray(0, end);
	compared = {};
	owed = false;
	return {times, processes, told: part.told, lines: seen.lines, bytes: end, whole: all};
}

/* Lines that were left out when the page joined take the place of what came thinned. */
function splice() {
	const after = room.slice(join.to, used), back = join.back;
	used = join.from;
	for (const piece of back)
		push(piece);
	push(after);
	join.back = [];
}

const open_empty = jobs.open;
jobs.open = async (job) => {
	const answer = await open_empty(job);
	seen.recording = recording;
	return answer;
};

/* While the stream goes on it is no news that it has no end yet. */
const figure_of = jobs.figure;
let over = false;
jobs.ended = ({on}) => {
	over = on;
	return {};
};
jobs.figure = (job) => {
	if (over)
		return figure_of(job);
	const answer = figure_of(job), said = answer.said.replace(/^.*the stream stops without its `end` line.*\n?/gm, "");
	return said === answer.said || said ? {...answer, said} : {...answer, said, status: 0};
};

jobs.stream = ({bytes, mode, last, cut, reset}) => {
	const all = Boolean(reset || (mode === "back" && last));
	if (reset) {
		used = 0;
		Object.assign(join, {from: 0, to: 0, on: false, back: []});
	}
	if (cut && mode !== "back")
		used = whole();
	if (mode === "back") {
		join.back.push(bytes);
		if (last)
			splice();
	} else {
		if (mode === "join" && !join.on)
			Object.assign(join, {from: used, on: true, back: []});
		push(bytes);
		if (mode === "join" && last)
			Object.assign(join, {to: used, on: false});
	}
	return news(all);
};

jobs.pause = ({on}) => {
	const other = recording !== seen.recording;
	frozen = on;
	if (!on)
		recording = seen.recording;
	return news(other && !on);
};
