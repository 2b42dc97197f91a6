// Writes random reports of vmmap and pmap from their grammar, with known content, and reads them back with vm-parse.
//
//   node reports.js vmmap|pmap COUNT SEED [plain|quoted|logged|wrapped|indented|cut|corrupt]
//
// plain to indented: every region is read as written. cut, corrupt: no crash, and no region that is not in the text.
'use strict';
const { execFileSync } = require('child_process');
const fs = require('fs'), os = require('os'), path = require('path');

let state;
function below(n) { // xorshift: the same reports for the same seed
	state ^= state << 13n; state &= 0xffffffffffffffffn;
	state ^= state >> 7n;
	state ^= state << 17n; state &= 0xffffffffffffffffn;
	return Number((state >> 11n) % BigInt(n));
}
const pick = list => list[below(list.length)];
const chance = percent => below(100) < percent;
const hex = (n, width = 0) => n.toString(16).padStart(width, '0');

// ---- sizes in the form of vmmap: the value to read back is known to its last digit

function sized(bytes) {
	if (bytes === 0) return '0K';
	if (bytes < 4096 && bytes % 1024) return String(bytes);
	const k = Math.round(bytes / 1024);
	if (k < 10000) return k + 'K';
	for (const [unit, of] of [['M', 2 ** 20], ['G', 2 ** 30], ['T', 2 ** 40]]) {
		const tenths = Math.round(bytes / of * 10);
		if (tenths < 10000 || unit === 'T') return (tenths / 10).toFixed(1) + unit;
	}
}
const units = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };
function unsized(text) { // the value that a reader gets
	const [, whole, tenth, unit] = /^(\d+)(?:\.(\d))?([KMGT]?)$/.exec(text);
	return Number(whole) * units[unit] + (tenth ? Math.floor(Number(tenth) * units[unit] / 10) : 0);
}

// ---- vmmap

const types = ['__TEXT', '__DATA', '__DATA_CONST', '__LINKEDIT', '__AUTH', 'MALLOC_TINY', 'MALLOC_SMALL (empty)', 'MALLOC_LARGE metadata', 'MALLOC metadata',
	'MALLOC_NANO', 'Stack', 'STACK GUARD', 'Stack Guard', 'VM_ALLOCATE', 'VM_ALLOCATE ?', 'VM_ALLOCATE (reserved)', 'mapped file', 'shared memory',
	'AttributeGraph Data (old', 'Memory Tag 241', 'MALLOC freed, no zone', '.note.gnu.prope', 'IOAccelerator (graphics)', 'JS VM Gigacage (reserved)', 'dyld private memory'];
const words = ['usr', 'lib', 'My App.app', 'a b', 'x[1]', 'libz.1.dylib', 'naïve', 'v (2)', 'q"uote', 'back\\slash', '100%', 'SM=PRV'];
const file = () => '/' + Array.from({ length: 1 + below(5) }, () => pick(words)).join('/');
const details = [() => '', () => '', file, file, () => '...' + file().slice(3), () => 'thread ' + below(40), () => 'stack guard for thread ' + below(40),
	() => 'DefaultMallocZone_0x' + hex(below(2 ** 31)), () => 'GFX Zone_0x' + hex(below(2 ** 31)) + ' zone structure',
	() => 'on dirty page  unused system shared lib __DATA', () => "SurfaceID: 0x6a  2940x1612 (BGRA) 18.1M  'Some [Drawable]', shared with WindowServer[164]"];

function vmmapReport(n) {
	const bits = chance(20) ? 32 : 64, old = chance(30), four = !old, pages = four && chance(15), page = chance(50) ? 4096 : 16384;
	const short = bits === 64 && !old && chance(60), interleaved = chance(30), pid = 100 + n;
	let at = bits === 32 ? 0x1000 : short ? 0x104e98000 : 0x7f8a00000;
	const rows = [];
	for (let i = 3 + below(40); i > 0; i--) {
		at += page * (chance(60) ? 0 : 1 + below(1000));
		const odd = !pages && short && chance(10) ? 1 + below(page - 1) : 0;
		const size = odd || page * (chance(80) ? 1 + below(64) : 1 + below(bits === 32 ? 2000 : 2000000));
		if (bits === 32 && at + size > 0xf0000000) break;
		const inside = () => Math.floor(size / page * below(101) / 100) * (odd ? 0 : page);
		const rss = inside(), row = { start: at, end: at + size, size, type: pick(types), perms: pick(['r-x', 'rw-', 'r--', '---', 'rwx']),
			max: pick(['rwx', 'r-x', 'rw-', '---']), mode: pick(['COW', 'PRV', 'NUL', 'ALI', 'SHM', 'ZER', 'S/A']), detail: pick(details)(),
			purge: four && chance(8) ? pick(['V', 'N', 'E']) : '', values: [size, rss, Math.min(rss, inside()), inside()] };
		rows.push(row);
		at += odd ? Math.ceil(size / page) * page : size;
	}
	const writes = v => pages ? String(Math.ceil(v / page)) : sized(v);
	const line = r => {
		const a = bits === 32 ? hex(r.start, 8) + '-' + hex(r.end, 8) : short ? (hex(r.start) + '-').padStart(14) + hex(r.end).padEnd(12) : hex(r.start, 16) + '-' + hex(r.end, 16);
		const sizes = (four ? r.values : r.values.slice(0, 1)).map((v, i) => writes(v).padStart(6)).join(' ');
		const tail = r.purge ? ` PURGE=${r.purge}` + (r.detail && '  ' + r.detail) : r.detail ? (four ? '          ' : '  ') + r.detail : pick(['', '          ', '  ']);
		return `${r.type.padEnd(22)} ${a} [${sizes}] ${r.perms}/${r.max} SM=${r.mode}${tail}`;
	};
	const head = four ? 'REGION TYPE                      START - END             [ VSIZE  RSDNT  DIRTY   SWAP] PRT/MAX SHRMOD PURGE    REGION DETAIL'
		: 'REGION TYPE                      START - END             [ VSIZE] PRT/MAX SHRMOD  REGION DETAIL';
	const out = [];
	if (chance(80)) out.push(`Process:         name ${n} [${pid}]`, 'Path:            /tmp/*/x', 'Code Type:       ARM64', 'Parent Process:  Code Helper (Plugin) [5]', '',
		'Report Version:  7', '', 'Physical footprint:         1185K', '----', '');
	out.push(`Virtual Memory Map of process ${pid} (name ${n})`, `Output report format:  ${four ? '2.4' : '2.3'}  -- ${bits}-bit process`);
	if (four) out.push(`VM page size:  ${page} bytes`);
	const section = (title, list) => { out.push('', `==== ${title} for process ${pid}`, head, ...list.map(line)); };
	if (interleaved) section('regions', rows); else {
		section('Non-writable regions', rows.filter(r => r.perms[1] !== 'w'));
		section('Writable regions', rows.filter(r => r.perms[1] === 'w'));
	}
	out.push('', '==== Legend', 'SM=sharing mode:  ', '\tCOW=copy_on_write PRV=private NUL=empty ALI=aliased ', '\tSHM=shared ZER=zero_filled S/A=shared_alias');
	const read = v => pages ? Math.ceil(v / page) * page : unsized(sized(v));
	if (pages) { // only the summary has this figure
		out.push('', `==== Summary for process ${pid}`, '                                VIRTUAL RESIDENT    DIRTY  SWAPPED VOLATILE   NONVOL    EMPTY   REGION',
			'REGION TYPE                       PAGES    PAGES    PAGES    PAGES    PAGES    PAGES    PAGES    COUNT (non-coalesced)');
		for (const type of new Set(rows.map(r => r.type)))
			out.push(type.padEnd(32) + [rows.filter(r => r.type === type).reduce((s, r) => s + Math.ceil(r.size / page), 0), 0, 0, 0, 0, 0, 0, 1].map(v => String(v).padStart(9)).join(''));
	}
	out.push('');
	return { text: out, rows: rows.map(r => ({ start: '0x' + hex(r.start, 16), end: '0x' + hex(r.end, 16), size: r.size, perms: r.perms, max_perms: r.max,
		share: r.mode.toLowerCase(), label: r.type, name: r.detail.trim(), purge: r.purge && { V: 'volatile', N: 'nonvolatile', E: 'empty' }[r.purge],
		...(four ? { rss: read(r.values[1]), dirty: read(r.values[2]), swap: read(r.values[3]) } : {}) })) };
}

// ---- pmap

const dialects = ['default', 'x-old', 'x', 'd', 'toybox', 'busybox', 'suse', 'X', 'solaris'];
const mappings = ['libc.so.6', 'with  two spaces.bin', 'gone file (deleted)', 'memfd:my memfd', '[weird', 'q"uote', 'x,y', '4711', 'rw---'];

function pmapReport(n) {
	const dialect = pick(dialects), small = chance(30) || dialect === 'solaris', pid = 100 + n, rows = [];
	let at = small ? 0x8048000 : 0x55d0c8a00000;
	for (let i = 1 + below(40); i > 0; i--) {
		const kb = 4 * (chance(85) ? 1 + below(500) : 1 + below(small ? 5000 : 500000000));
		if (small && at + kb * 1024 > 0xf0000000) break;
		const name = chance(50) ? pick(mappings) : chance(15) ? '[stack]' : '', rss = 4 * below(kb / 4 + 1);
		rows.push({ start: at, end: at + kb * 1024, kb, rss, dirty: 4 * below(rss / 4 + 1), swap: 4 * below(10), name, perms: pick(['r-x', 'rw-', 'r--', '---', '--x']),
			s: dialect === 'solaris' ? 'p' : pick(['p', 'p', 's']), offset: name && name[0] !== '[' || name === '[weird' ? 4096 * below(100) : 0, inode: name && name !== '[stack]' ? 1 + below(1e9) : 0 });
		at += kb * 1024 + 4096 * below(3);
	}
	const sum = key => rows.reduce((s, r) => s + r[key], 0), width = small ? 8 : 16, map = r => r.name === '' ? '  [ anon ]' : r.name === '[stack]' ? '  [ stack ]' : r.name;
	const five = r => `${r.perms}${r.s === 's' ? 's' : '-'}-`, four = r => r.perms + r.s, num = (v, w = 7) => String(v).padStart(w), file = r => r.inode !== 0;
	const a = r => hex(r.start, width), dev = r => file(r) ? 'fe:00' : '00:00', knows = [];
	const out = dialect === 'suse' ? [] : [`${pid}:   /usr/bin/prog${n} arg`];
	const forms = {
		default: ['', r => `${a(r)} ${num(r.kb, 6)}K ${five(r)} ${map(r)}`, () => ` total ${num(sum('kb'), 16)}K`],
		'x-old': ['Address   Kbytes     RSS    Anon  Locked Mode   Mapping', r => `${a(r)} ${num(r.kb)}       -       -       - ${five(r)}  ${map(r)}`, () => `-------- ------- ------- ------- -------\ntotal kB ${num(sum('kb'))}       -       -       -`],
		x: ['Address           Kbytes     RSS   Dirty Mode  Mapping', r => `${a(r)} ${num(r.kb)} ${num(r.rss)} ${num(r.dirty)} ${five(r)} ${map(r)}`, () => `---------------- ------- ------- ------- \ntotal kB         ${num(sum('kb'))} ${num(sum('rss'))} ${num(sum('dirty'))}`, 'rss', 'dirty'],
		d: ['Address           Kbytes Mode  Offset           Device    Mapping', r => `${a(r)} ${num(r.kb)} ${five(r)} ${hex(r.offset, 16)} ${file(r) ? '0fe:00000' : '000:00000'} ${map(r)}`, () => `mapped: ${sum('kb')}K    writeable/private: 0K    shared: 0K`, 'offset', 'dev'],
		toybox: ['Address           Kbytes     PSS   Dirty    Swap Mode  Mapping', r => `${a(r)} ${num(r.kb)} ${num(r.rss)} ${num(r.dirty)} ${num(r.swap)} ${five(r)} ${r.name === '' ? '  [anon]' : r.name}`, () => `----------------  ------  ------  ------  ------\ntotal         ${num(sum('kb'))} ${num(sum('rss'))} ${num(sum('dirty'))} ${num(sum('swap'))}`, 'pss', 'dirty', 'swap'],
		busybox: ['Address   Kbytes     PSS   Dirty    Swap  Mode  Mapping', r => `${a(r)} ${num(r.kb)} ${num(r.rss)} ${num(r.dirty)} ${num(r.swap)}  ${four(r)}  ${map(r)}`, () => '', 'pss', 'dirty', 'swap'],
		suse: ['START               SIZE     RSS     PSS   DIRTY    SWAP PERM OFFSET           DEVICE MAPPING', r => `${a(r)} ${num(r.kb, 6)}K ${num(r.rss, 6)}K ${num(r.rss, 6)}K ${num(r.dirty, 6)}K ${num(r.swap, 6)}K ${four(r)} ${hex(r.offset, 16)} ${dev(r)}  ${map(r)}`, () => `Total:  ${sum('kb')}K ${sum('rss')}K\n\n0K writable-private, 0K readonly-private, 0K shared, and 0K referenced`, 'rss', 'pss', 'dirty', 'swap', 'offset', 'dev'],
		X: ['         Address Perm   Offset Device      Inode       Size     Rss     Pss Swap THPeligible Mapping', r => `${hex(r.start).padStart(16)} ${four(r)} ${hex(r.offset, 8)}  ${dev(r)} ${num(r.inode, 10)} ${num(r.kb, 10)} ${num(r.rss)} ${num(r.rss)} ${num(r.swap, 4)}           0 ${r.name}`, () => `                                             ========== ======= ======= ==== ===========\n                                             ${num(sum('kb'), 10)} ${num(sum('rss'))} ${num(sum('rss'))} ${sum('swap')} 0 KB `, 'rss', 'pss', 'swap', 'offset', 'dev', 'inode'],
		solaris: [' Address  Kbytes     RSS    Anon  Locked Mode   Mapped File', r => `${hex(r.start, 8).toUpperCase()} ${num(r.kb)} ${num(r.rss)}       -       - ${r.perms}--  ${map(r)}`, () => `-------- ------- ------- ------- -------\ntotal Kb ${num(sum('kb'))} ${num(sum('rss'))}       -       -`, 'rss'],
	};
	const [head, row, end, ...known] = forms[dialect];
	if (head) out.push(head);
	out.push(...rows.map(row), ...end().split('\n'));
	return { text: out, dialect, rows: rows.map(r => ({ start: '0x' + hex(r.start, 16), end: '0x' + hex(r.end, 16), size: r.kb * 1024, perms: r.perms + r.s, share: r.s === 's' ? 'shm' : 'prv', name: r.name,
		...(known.includes('rss') && { rss: r.rss * 1024 }), ...(known.includes('pss') && { pss: r.rss * 1024 }), ...(known.includes('dirty') && { dirty: r.dirty * 1024 }),
		...(known.includes('swap') && { swap: r.swap * 1024 }), ...(known.includes('dev') && file(r) && { dev: 'fe:00' }), ...(known.includes('inode') && r.inode && { inode: String(r.inode) }),
		...(known.includes('offset') && file(r) && { offset: '0x' + hex(r.offset, 16) }) })) };
}

// ---- damage to texts on their way

const forms = {
	plain: lines => lines,
	quoted: lines => { const mark = pick(['> ', '>> ', '> > ', '| ']); return lines.map(l => mark + l); },
	logged: lines => lines.map((l, i) => `2026-05-04 10:${String(below(60)).padStart(2, '0')}:${String(i % 60).padStart(2, '0')}.${below(900) + 100} host app[4711]: ${l}`),
	indented: lines => { const blanks = pick(['  ', '    ', '\t']); return lines.map(l => blanks + l); },
	wrapped: lines => lines.flatMap(l => { const m = /^(.* SM=[A-Z/]{3}) +((?:\/|\.\.\.|thread ).*)$/.exec(l); return m && chance(70) ? [m[1], m[2]] : [l]; }),
	cut: lines => { const text = lines.join('\n'); return text.slice(0, below(text.length + 1)).split('\n'); },
	corrupt: lines => { let text = lines.join('\n'); for (let i = 1 + below(20); i > 0 && text.length; i--) { const at = below(text.length), n = below(4);
		text = text.slice(0, at) + Array.from({ length: below(4) }, () => pick([...'09af-[]/ \tKMG=x:\n\0"\\']) ).join('') + text.slice(at + n); } return text.split('\n'); },
};

// ---- reading back

function regionsOf(text, format) {
	const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'reports-'));
	try {
		fs.writeFileSync(path.join(dir, 'text'), text);
		let out;
		try {
			out = execFileSync('vm-parse', ['-q', '--format', format, path.join(dir, 'text')], { maxBuffer: 1 << 30, stdio: ['ignore', 'pipe', 'pipe'] });
		} catch (error) {
			if (error.status !== 1) throw new Error(`vm-parse ended with ${error.status || error.signal}: ${error.stderr}`);
			out = error.stdout;
		}
		return out.toString().split('\n').filter(l => l.startsWith('{"type":"region"')).map(l => JSON.parse(l));
	} finally { fs.rmSync(dir, { recursive: true }); }
}

function fail(message, text) {
	console.log(message);
	if (text) console.log(text.slice(0, 6000));
	process.exit(1);
}

function main([kind, count, seed, form = 'plain']) {
	state = BigInt(seed) * 0x9e3779b97f4a7c15n + 1n;
	const make = kind === 'vmmap' ? vmmapReport : pmapReport, hurt = form === 'cut' || form === 'corrupt';
	let rows = 0;
	for (let done = 0; done < Number(count);) {
		const batch = Array.from({ length: Math.min(hurt ? 1 : form === 'logged' || form === 'indented' || form === 'quoted' ? 1 : 200, Number(count) - done) }, (_, i) => make(done + i));
		const texts = batch.map(r => forms[form](r.text).join('\n')), text = texts.join('\n') + (form === 'cut' ? '' : '\n');
		const got = regionsOf(text, kind);
		done += batch.length;
		if (hurt) {
			const ranges = new Set([...text.matchAll(/(?=(?<![0-9a-f])([0-9a-f]{1,16})-([0-9a-f]{1,16})(?![0-9a-f]))/g)].map(m => BigInt('0x' + m[1]) + '-' + BigInt('0x' + m[2])));
			const starts = new Set([...text.matchAll(/(?<![0-9a-fA-F])(?:0x)?([0-9a-fA-F]{4,16})(?![0-9a-fA-F])/g)].map(m => BigInt('0x' + m[1]).toString()));
			for (const r of got)
				if (kind === 'vmmap' ? !ranges.has(BigInt(r.start) + '-' + BigInt(r.end)) : !starts.has(BigInt(r.start).toString()))
					fail(`seed ${seed}, report ${done}: a region ${r.start}-${r.end} that is not in the text`, text);
			rows += got.length;
			continue;
		}
		const want = batch.flatMap(r => [...r.rows].sort((x, y) => x.start < y.start ? -1 : 1));
		for (let i = 0; i < Math.max(got.length, want.length); i++) {
			if (!got[i] || !want[i]) fail(`seed ${seed}: ${want.length} rows written, ${got.length} read; first missing: ${JSON.stringify(want[i] || got[i])}`, text);
			for (const key of Object.keys(want[i])) {
				const a = want[i][key] || (key === 'name' || key === 'purge' ? '' : want[i][key]), b = got[i][key] === undefined && a === '' ? '' : got[i][key];
				if (a !== b) fail(`seed ${seed}: ${key} of ${want[i].start} written as ${JSON.stringify(a)}, read as ${JSON.stringify(b)}\n${JSON.stringify(got[i])}`, batch.length === 1 ? text : texts.find(t => t.includes(want[i].start.replace(/^0x0*/, ''))));
			}
		}
		rows += got.length;
	}
	console.log(`${count} reports, ${rows} rows`);
}

main(process.argv.slice(2));
