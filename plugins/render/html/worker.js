"use strict";
/* Runs the engine beside the page. The engine is a WASI command (engine.wasm.c): each run is a new
 * instance, with argv, a stdin, and what it wrote on stdout and stderr.
 *
 *   page -> {id, do: "open", engine, recording}       bytes, gzip
 *   page -> {id, do: "text", bytes, name}             a dropped file: any text, or a recording
 *   page -> {id, do: "second", bytes, name}           a second text or recording, to compare with
 *   page -> {id, do: "figure", args, pair}            options of vm-render; pair: of vm-diff, for the second
 *   page -> {id, do: "region", region}                what the recording says of the region with this id
 *   page -> {id, do: "lines", t, types, act}          the lines of one moment as they stand
 *   page -> {id, do: "mark", t, text}                 adds a mark line
 *   page -> {id, do: "recording"}
 *   worker -> {id, ...}                                the answer; or {id, error}
 */
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const LOCALE = encoder.encode("LC_ALL=C.UTF-8\0");
const NOTHING = new Uint8Array(0);
let module_ = null, recording = NOTHING, second = NOTHING, compared = {};
let names = {first: "this recording", second: ""}; /* that the comparison tells them by */

async function unzip(bytes) {
	const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
	return new Uint8Array(await new Response(stream).arrayBuffer());
}

class Exit extends Error {
	constructor(status) { super("exit"); this.status = status; }
}

/* Joins the pieces that were written. */
function joined(pieces) {
	let n = 0, at = 0;
	for (const piece of pieces)
		n += piece.length;
	const all = new Uint8Array(n);
	for (const piece of pieces) {
		all.set(piece, at);
		at += piece.length;
	}
	return all;
}

/* Runs one program, which may open `files` (bytes by name) in its root. Returns {status, out, err}. */
function run(args, input, files = {}) {
	const BAD = 8, NO_FILE = 44, NOT_THERE = 52, FOLDER = 3, FILE = 4, SOCKET = 6, ROOT = 3;
	const argv = args.map((word) => encoder.encode(word + "\0"));
	const out = [null, [], []], opened = new Map([[0, {bytes: input, at: 0}]]);
	let memory, next = ROOT + 1;
	const type_of = (fd) => (fd === ROOT ? FOLDER : opened.has(fd) ? FILE : SOCKET);
	const view = () => new DataView(memory.buffer);
	const bytes = () => new Uint8Array(memory.buffer);
	const system = {
		args_sizes_get(count, size) {
			view().setUint32(count, argv.length, true);
			view().setUint32(size, argv.reduce((sum, word) => sum + word.length, 0), true);
			return 0;
		},
		args_get(list, text) {
			for (const word of argv) {
				view().setUint32(list, text, true);
				bytes().set(word, text);
				list += 4;
				text += word.length;
			}
			return 0;
		},
		environ_sizes_get(count, size) {
			view().setUint32(count, 1, true);
			view().setUint32(size, LOCALE.length, true);
			return 0;
		},
		environ_get(list, text) {
			view().setUint32(list, text, true);
			bytes().set(LOCALE, text);
			return 0;
		},
		clock_time_get(clock, precision, time) {
			view().setBigUint64(time, BigInt(Math.round(performance.timeOrigin + performance.now())) * 1000000n, true);
			return 0;
		},
		fd_read(fd, vectors, count, got) {
			const file = opened.get(fd);
			let n = 0;
			if (!file)
				return BAD;
			for (let i = 0; i < count; i++) {
				const place = view().getUint32(vectors + 8 * i, true), room = view().getUint32(vectors + 8 * i + 4, true);
				const piece = file.bytes.subarray(file.at, file.at + room);
				bytes().set(piece, place);
				file.at += piece.length;
				n += piece.length;
				if (piece.length < room)
					break;
			}
			view().setUint32(got, n, true);
			return 0;
		},
		fd_write(fd, vectors, count, wrote) {
			let n = 0;
			if (fd !== 1 && fd !== 2)
				return BAD;
			for (let i = 0; i < count; i++) {
				const place = view().getUint32(vectors + 8 * i, true), size = view().getUint32(vectors + 8 * i + 4, true);
				out[fd].push(bytes().slice(place, place + size));
				n += size;
			}
			view().setUint32(wrote, n, true);
			return 0;
		},
		fd_fdstat_get(fd, stat) {
			if (fd > ROOT && !opened.has(fd))
				return BAD;
			bytes().fill(0, stat, stat + 24);
			view().setUint8(stat, type_of(fd));
			view().setBigUint64(stat + 8, 0xffffffffffffffffn, true);
			return 0;
		},
		fd_filestat_get(fd, stat) {
			if (fd > ROOT && !opened.has(fd))
				return BAD;
			bytes().fill(0, stat, stat + 64);
			view().setBigUint64(stat + 8, BigInt(fd + 1), true);
			view().setUint8(stat + 16, type_of(fd));
			return 0;
		},
		path_open(folder, follow, path, size, how, rights, inherited, flags, fd) {
			const name = decoder.decode(bytes().slice(path, path + size));
			if (!Object.hasOwn(files, name))
				return NO_FILE;
			opened.set(next, {bytes: files[name], at: 0});
			view().setUint32(fd, next++, true);
			return 0;
		},
		/* stdin always has something to say: its bytes, or its end */
		poll_oneoff(events, results, count, ready) {
			bytes().fill(0, results, results + 32 * count);
			for (let i = 0; i < count; i++) {
				bytes().copyWithin(results + 32 * i, events + 48 * i, events + 48 * i + 8);
				view().setUint8(results + 32 * i + 10, view().getUint8(events + 48 * i + 8));
			}
			view().setUint32(ready, count, true);
			return 0;
		},
		fd_close(fd) {
			opened.delete(fd);
			return 0;
		},
		fd_prestat_get(fd, stat) {
			if (fd !== ROOT)
				return BAD;
			view().setUint32(stat, 0, true);
			view().setUint32(stat + 4, 1, true);
			return 0;
		},
		fd_prestat_dir_name(fd, path) {
			bytes()[path] = "/".charCodeAt(0);
			return 0;
		},
		proc_exit(status) { throw new Exit(status); },
	};
	const imports = {};
	for (const {name} of WebAssembly.Module.imports(module_))
		imports[name] = system[name] || (() => NOT_THERE);
	const instance = new WebAssembly.Instance(module_, {wasi_snapshot_preview1: imports});
	memory = instance.exports.memory;
	let status = 0;
	try {
		instance.exports._start();
	} catch (error) {
		if (!(error instanceof Exit))
			throw new Error(args[0] + " failed: " + error.message);
		status = error.status;
	}
	return {status, out: joined(out[1]), err: decoder.decode(joined(out[2]))};
}

/* ---- what the recording holds ---- */

const LINE = 10;

/* Calls each line with its begin and end. */
function lines(bytes, each) {
	for (let from = 0; from < bytes.length;) {
		let to = bytes.indexOf(LINE, from);
		if (to < 0)
			to = bytes.length;
		each(from, to);
		from = to + 1;
	}
}

/* The time of a line, from its first bytes; NaN: it does not say one there. */
function time(bytes, from, to) {
	const found = /"t":(-?[0-9.eE+-]+)/.exec(decoder.decode(bytes.subarray(from, Math.min(to, from + 120))));
	return found ? Number(found[1]) : NaN;
}

/* Times of the recording, its processes and its findings. Many times are thinned evenly. */
function survey(of = recording) {
	const types = /^\{"type":"(\w+)"/, wanted = new Set(["process", "finding", "mark", "lost"]);
	const times = [], processes = new Map(), told = [];
	let last = -Infinity, first = NaN, count = 0;
	lines(of, (from, to) => {
		const head = decoder.decode(of.subarray(from, Math.min(to, from + 160)));
		const found = /"t":(-?[0-9.eE+-]+)/.exec(head), type = types.exec(head);
		const t = found ? Number(found[1]) : NaN;
		count++;
		if (t === t && (!type || type[1] !== "stream")) {
			if (first !== first)
				first = t;
			if (t > last) {
				times.push(t);
				last = t;
			}
		}
		const pid = /"pid":(\d+)/.exec(head);
		if (pid && !processes.has(Number(pid[1])))
			processes.set(Number(pid[1]), "");
		if (!type || !wanted.has(type[1]))
			return;
		try {
			const line = JSON.parse(decoder.decode(of.subarray(from, to)));
			if (line.type === "process" && line.name)
				processes.set(line.pid, String(line.name));
			else if (line.type !== "process" && told.length < 1000)
				told.push(line);
		} catch (error) { /* vm-render reports it */ }
	});
	return {times, lines: count, bytes: of.length, told, processes: [...processes].map(([pid, name]) => ({pid, name}))};
}

/* ---- texts ---- */

function must(result, what) {
	if (!result.out.length)
		throw new Error(result.err.trim() || what + " printed nothing");
	return result;
}

/* Turns any text that vm-parse reads, or any recording, into a tracked stream. */
async function open(bytes) {
	const gzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
	let said = "";
	if (gzip)
		bytes = await unzip(bytes);
	const head = decoder.decode(bytes.subarray(0, 1 << 20));
	if (/^\s*\{/.test(head) && /"type":"(change|stage)"/.test(head) && !/"type":"raw"/.test(head) && /"type":"region"[^\n]*"id":/.test(head))
		return {bytes, said};
	const parsed = must(run(["vm-parse"], bytes), "vm-parse");
	const tracked = must(run(["vm-track"], parsed.out), "vm-track");
	said = parsed.err + tracked.err;
	if (!/"type":"(snapshot|system|event|process|region|alloc|site)"/.test(decoder.decode(tracked.out.subarray(0, 1 << 20))))
		throw new Error(said.trim() || "no memory map is known in this text");
	return {bytes: tracked.out, said};
}

/* Puts a mark line at its time. */
function mark(t, text) {
	const line = encoder.encode(JSON.stringify({type: "mark", t, text}) + "\n");
	let place = recording.length;
	lines(recording, (from, to) => {
		const now = time(recording, from, to);
		if (place === recording.length && now > t)
			place = from;
	});
	const all = new Uint8Array(recording.length + line.length);
	all.set(recording.subarray(0, place), 0);
	all.set(line, place);
	all.set(recording.subarray(place), place + line.length);
	recording = all;
}

/* ---- comparing, and what the recording says of a thing ---- */

/* A name that is a path in the root, and no option. */
const file_name = (name) => name.replaceAll("/", "_").replace(/^[-.]+/, "_") || "text";

/* What vm-diff writes of the recording and the second one: {out, err}. */
function difference(args) {
	const key = JSON.stringify(args);
	if (compared.key !== key) {
		const a = names.first, b = names.second === a ? names.second + " (2)" : names.second;
		const {status, out, err} = run(["vm-diff", ...args, "--", a, b], NOTHING, {[a]: recording, [b]: second});
		if (status > 1 || !out.length)
			throw new Error(err.trim() || "vm-diff printed nothing");
		compared = {key, out, err};
	}
	return compared;
}

const begins = (bytes, from, word) => word.every((byte, i) => bytes[from + i] === byte);

/* Calls each line of these types, parsed. */
function each_of(types, call) {
	const heads = types.map((type) => [...encoder.encode(`{"type":"${type}"`)]);
	lines(recording, (from, to) => {
		if (!heads.some((head) => begins(recording, from, head)))
			return;
		try {
			call(JSON.parse(decoder.decode(recording.subarray(from, to))), from, to);
		} catch (error) { /* vm-render reports it */ }
	});
}

/* The changes of one region: its own, and those by which it came from or went into another; the last
 * of them, with the call stacks of their causes. `first`: its line in the first key frame. */
function region(id) {
	const MOST = 500, changes = [], stacks = {};
	let first = null, count = 0;
	each_of(["change", "region"], (line) => {
		if (line.type === "region") {
			if (line.id === id && !first && !count)
				first = line;
			return;
		}
		if (line.id !== id && !(line.from || []).includes(id) && !(line.gone || []).includes(id))
			return;
		count++;
		changes.push(line);
		if (changes.length > 2 * MOST)
			changes.splice(0, MOST);
	});
	const wanted = new Set(changes.map((line) => line.cause && line.cause.stack).filter((stack) => stack !== undefined));
	if (wanted.size)
		each_of(["stack"], (line) => { if (wanted.has(line.id)) stacks[line.id] = line; });
	return {first, changes: changes.slice(-MOST), count, stacks};
}

const jobs = {
	async open(job) {
		module_ = await WebAssembly.compile(await unzip(job.engine));
		recording = job.recording.length ? await unzip(job.recording) : new Uint8Array(0);
		const words = (option) => decoder.decode(run(["vm-render", "--complete", option], recording).out).split("\n").filter(Boolean);
		return {facts: survey(), views: words("view"), kinds: words("kind")};
	},
	async text(job) {
		const {bytes, said} = await open(job.bytes);
		recording = bytes;
		second = NOTHING;
		names.first = file_name(job.name);
		compared = {};
		return {facts: survey(), said};
	},
	async second(job) {
		const {bytes, said} = await open(job.bytes);
		second = bytes;
		names.second = file_name(job.name);
		compared = {};
		return {facts: survey(second), said};
	},
	region(job) {
		return region(job.region);
	},
	lines(job) {
		const found = [];
		each_of(job.types, (line, from, to) => {
			if (Math.abs(line.t - job.t) < 1e-6 && found.length < 100 && (job.act === null || line.act === job.act))
				found.push(decoder.decode(recording.subarray(from, to)));
		});
		return {lines: found};
	},
	figure(job) {
		const input = job.pair ? difference(job.pair) : {out: recording, err: ""};
		const result = must(run(["vm-render", ...job.args], input.out), "vm-render");
		return {out: decoder.decode(result.out), said: input.err + result.err, status: result.status};
	},
	mark(job) {
		mark(job.t, job.text);
		return {facts: survey()};
	},
	recording() {
		return {bytes: recording};
	},
};

let before = Promise.resolve();
onmessage = ({data: job}) => {
	before = before.then(async () => {
		try {
			postMessage({id: job.id, ...await jobs[job.do](job)});
		} catch (error) {
			postMessage({id: job.id, error: error.message});
		}
	});
};
