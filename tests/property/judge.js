// Compares the output of vm-track for a random process with the model of that process (tests/workloads/random.c).
//   judge.js MODEL TRACKED [several|several=CALLS] [flags]      prints each error, and a last line; exit 1 after any error
// For each sample the state after the changes must equal the model's. There must be changes only if the model's regions changed,
// in no more acts than the model states (one, except for changes that look like two calls). Each region must descend from exactly
// the regions whose pages it has. With `several`, several calls lie between two samples: then the state must be right, and every
// line must concern a region that exists in only one of the two states. With the number of calls, acts must not outnumber calls,
// except in one sample of a hundred: overlapping calls may leave no pair of neighbours that shows them. With `flags`, advice of
// madvise belongs to the state.
'use strict';
const fs = require('fs');
const [modelFile, trackedFile, ...words] = process.argv.slice(2);
const several = words.some((word) => /^several/.test(word)), most = Number((words.find((word) => /^several=/.test(word)) || '=Infinity').split('=')[1]);
const withFlags = words.includes('flags');
const lines = (file) => fs.readFileSync(file, 'utf8').trimEnd().split('\n');

const ours = (r) => r.name === '[heap]' || (r.start >= '0x0000100000000000' && r.start < '0x0000100000100000');
const advice = (r) => (r.flags || '').split(' ').filter((f) => withFlags && /^(sr|rr|dc|dd)$/.test(f)).join(' ');
const key = (r) => [r.start, r.end, r.perms, /^\[anon:/.test(r.name || '') ? r.name.slice(6, -1) : r.name === '[heap]' ? r.name : '', r.offset || '', advice(r)].join(' ');
const modelKey = (m) => m.slice(0, 6).join(' ');
// The backing of a region, in the words of the stream and of the model.
const whole = (r) => `${key(r)} ${r.dev || ''} ${r.inode || ''}`;
const modelWhole = (m) => m.slice(0, 7).join(' ');

// Changes of the stream, by time; the first key frame is the initial state.
const changes = new Map(), state = new Map();
let first;
for (const text of lines(trackedFile)) {
  const line = JSON.parse(text);
  if (line.type === 'region') first ??= line.t;
  if (line.type === 'region' && line.t === first && ours(line)) state.set(line.id, line);
  if (line.type === 'change') (changes.get(line.t) || changes.set(line.t, []).get(line.t)).push(line);
}

const measureDiffers = (c) => Object.entries(c.was).some(([name, value]) => name !== 'size' && typeof value === 'number' && value !== c[name]);

let wrong = 0, acts = 0, over = 0; // over: samples with more acts than calls
function tell(look, what) {
  if (wrong++ < 20) console.log(`look ${look.t}, ${look.call}: ${what}`);
}

const births = new Map(); // page -> id of its region
function settle(look) {
  const byKey = new Map([...state.values()].map((r) => [key(r), r.id]));
  births.clear();
  for (const m of look.regions) for (const [first, count] of m[7]) for (let i = 0; i < count; i++) births.set(first + i, byKey.get(modelKey(m)));
}

// BRK_SHRINK to nothing deletes, too.
const removes = (c) => c.event === 'MUNMAP_REMOVE' || c.event === 'EXIT' || (c.event === 'BRK_SHRINK' && c.start === c.end);

function replay(list, look) {
  const touched = new Map(); // id -> line
  for (const c of list) {
    if (c.id !== undefined && touched.has(c.id)) tell(look, `region ${c.id} has two lines in one look`);
    touched.set(c.id, c);
  }
  for (const c of list) {
    for (const id of c.gone || []) state.delete(id);
    if (removes(c)) state.delete(c.id);
  }
  for (const c of list) if (!removes(c)) state.set(c.id, c);
  return touched;
}

function ancestors(look, m, before, touched, id) {
  const expected = new Set();
  for (const [first, count] of m[7]) for (let i = 0; i < count; i++) if (births.has(first + i)) expected.add(births.get(first + i));
  const line = touched.get(id);
  const told = new Set(line && line.from ? line.from : []);
  if (before.has(id)) told.add(id);
  const same = expected.size === told.size && [...expected].every((x) => told.has(x));
  if (!same) tell(look, `region ${id} ${modelKey(m)} descends from [${[...expected]}], told is [${[...told]}] ${line ? line.event : ''}`);
}

const fits = { // the events that a call may cause
  mmap: /^(MMAP_ADD|RESIZE_MAPPING|SPLIT|MERGE|MUNMAP_REMOVE|PERM_CHANGE|RENAME)$/,
  munmap: /^(MUNMAP_REMOVE|RESIZE_MAPPING|SPLIT)$/,
  mprotect: /^(PERM_CHANGE|SPLIT|MERGE|RESIZE_MAPPING)$/,
  mremap: /^(MOVE|RESIZE_MAPPING|SPLIT|MERGE|MUNMAP_REMOVE|MMAP_ADD|PERM_CHANGE|RENAME)$/,
  brk: /^(BRK_GROW|BRK_SHRINK)$/,
  madvise: /^(SPLIT|MERGE|RESIZE_MAPPING)$/,
  shmat: /^(MMAP_ADD|MERGE|RESIZE_MAPPING)$/,
  shmdt: /^(MUNMAP_REMOVE|RESIZE_MAPPING|SPLIT)$/,
  name: /^(RENAME|SPLIT|MERGE|RESIZE_MAPPING)$/,
};

// A kind follows from what lies beside a region, too: its change is no act of the call, but may part what the call did.
const kindOnly = (c, before) => c.event === 'RENAME' && c.was && Object.keys(c.was).every((k) => k === 'kind' || k === 'kind_by') &&
  before.has(c.id) && before.get(c.id).name === c.name;

// Applies the changes of one moment; each must concern a region that exists only before or only after, or measures.
function pass(list, look) {
  const before = new Map(state), wholeBefore = new Set([...state.values()].map(whole));
  const touched = replay(list, look);
  const wholeAfter = new Set([...state.values()].map(whole));
  for (const c of list) {
    if (kindOnly(c, before) || (c.was && measureDiffers(c))) continue;
    const removed = before.has(c.id) && !state.has(c.id);
    if (removed ? wholeAfter.has(whole(before.get(c.id))) : wholeBefore.has(whole(c))) tell(look, `a change of nothing: ${c.event} of ${c.id}`);
  }
  return touched;
}

function hold(look, last) { // checks the state, and that no change is reported without a difference; returns true for a difference
  const was = new Set(last.regions.map(modelWhole));
  const differs = last.regions.length !== look.regions.length || look.regions.some((m) => !was.has(modelWhole(m)));
  const have = [...state.values()].map(key).sort(), want = look.regions.map(modelKey).sort();
  if (have.join('\n') !== want.join('\n')) tell(look, `the state is wrong: ${have.filter((k) => !want.includes(k)).slice(0, 3)} for ${want.filter((k) => !have.includes(k)).slice(0, 3)}`);
  return differs;
}

function holdOne(look, list, before, touched, differs) { // exactly one call was made
  const told = new Set(list.map((c) => c.act)).size, call = look.call.split(' ')[0];
  if (differs && (told < 1 || told > look.acts)) tell(look, `one call, ${look.acts} or less, ${told} acts: ${list.map((c) => `${c.act} ${c.event} ${c.id}`).join('; ')}`);
  const advised = (c) => withFlags && c.event === 'RESIDENT_CHANGE' && /^(madvise|mmap|mremap)$/.test(call); // a new mapping has no advice
  for (const c of list) if (fits[call] && !fits[call].test(c.event) && !advised(c)) tell(look, `${c.event} is nothing that it does`);
  const idOf = new Map([...state.values()].map((r) => [key(r), r.id]));
  for (const m of look.regions) if (idOf.has(modelKey(m))) ancestors(look, m, before, touched, idOf.get(modelKey(m)));
}

const looks = lines(modelFile).map((text) => JSON.parse(text));
const times = [...changes.keys()].sort((a, b) => a - b);
let next = 0;
for (let i = 0; i < looks.length; i++) {
  const look = looks[i], before = new Map(state);
  let list = [], touched, parted = false;
  for (; next < times.length && times[next] <= look.t; next++) {
    const some = changes.get(times[next]).filter((c) => ours(c) || (c.was && c.was.start && ours({ ...c, ...c.was })));
    touched = pass(some, look);
    const acted = some.filter((c) => !kindOnly(c, before));
    parted = parted || acted.length < some.length;
    list = list.concat(acted);
  }
  const told = new Set(list.map((c) => c.act)).size;
  acts += told;
  if (i && told > most) over++;
  if (i && told > most + 2) tell(look, `${most} calls, ${told} acts: ${list.map((c) => `${c.act} ${c.event} ${c.id}`).join('; ')}`);
  const differs = hold(look, looks[i ? i - 1 : 0]);
  if (!differs && !list.every((c) => c.event === 'RESIDENT_CHANGE' && measureDiffers(c))) tell(look, `nothing changed, told is ${list.map((c) => c.event)}`);
  if (!several && i) holdOne(parted ? { ...look, acts: look.acts + 1 } : look, list, before, touched || new Map(), differs);
  settle(look);
}
if (over * 100 > looks.length) tell(looks.at(-1), `${over} of ${looks.length} looks tell of more acts than calls`);
console.log(`${looks.length - 1} looks, ${acts} acts, ${wrong} wrong`);
process.exit(wrong ? 1 : 0);
