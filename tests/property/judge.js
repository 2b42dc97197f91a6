// Holds what vm-track says of a random life against the model that lived it (tests/workloads/random.c).
//   judge.js MODEL TRACKED [every]      prints what is wrong, and a last line; exit 1 if anything was
// For each look: the state after the changes is the model's; there are changes only where the model's regions changed, all of
// them in one act; each region descends from just those whose pages it has. With `every`, several calls lie between two looks:
// then the state must be right and no change may be empty.
'use strict';
const fs = require('fs');
const [modelFile, trackedFile, every] = process.argv.slice(2);
const lines = (file) => fs.readFileSync(file, 'utf8').trimEnd().split('\n');

const ours = (r) => r.name === '[heap]' || (r.start >= '0x0000100000000000' && r.start < '0x0000100000100000');
const key = (r) => [r.start, r.end, r.perms, /^\[anon:/.test(r.name || '') ? r.name.slice(6, -1) : r.name === '[heap]' ? r.name : '', r.offset || ''].join(' ');
const modelKey = (m) => m.slice(0, 5).join(' ');

// Changes of the stream, by time; the first key frame as the state to begin with.
const changes = new Map(), state = new Map();
for (const text of lines(trackedFile)) {
  const line = JSON.parse(text);
  if (line.type === 'region' && line.t === 0 && ours(line)) state.set(line.id, line);
  if (line.type === 'change') (changes.get(line.t) || changes.set(line.t, []).get(line.t)).push(line);
}

let wrong = 0, acts = 0, looked = 0;
function tell(look, what) {
  if (wrong++ < 20) console.log(`look ${look.t}, ${look.call}: ${what}`);
}

const births = new Map(); // page -> id of the region that has it
function settle(look) {
  const byKey = new Map([...state.values()].map((r) => [key(r), r.id]));
  births.clear();
  for (const m of look.regions) for (const [first, count] of m[5]) for (let i = 0; i < count; i++) births.set(first + i, byKey.get(modelKey(m)));
}

function replay(list, look) {
  const touched = new Map(); // id -> line
  for (const c of list) {
    if (c.id !== undefined && touched.has(c.id)) tell(look, `region ${c.id} has two lines in one look`);
    touched.set(c.id, c);
  }
  for (const c of list) {
    for (const id of c.gone || []) state.delete(id);
    if (c.event === 'MUNMAP_REMOVE' || c.event === 'EXIT') state.delete(c.id);
  }
  for (const c of list) if (c.event !== 'MUNMAP_REMOVE' && c.event !== 'EXIT') state.set(c.id, c);
  return touched;
}

function ancestors(look, m, before, touched, id) {
  const expected = new Set();
  for (const [first, count] of m[5]) for (let i = 0; i < count; i++) if (births.has(first + i)) expected.add(births.get(first + i));
  const line = touched.get(id);
  const told = new Set(line && line.from ? line.from : []);
  if (before.has(id)) told.add(id);
  const same = expected.size === told.size && [...expected].every((x) => told.has(x));
  if (!same) tell(look, `region ${id} ${modelKey(m)} descends from [${[...expected]}], told is [${[...told]}] ${line ? line.event : ''}`);
}

const fits = { // which events a call may cause
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

const looks = lines(modelFile).map((text) => JSON.parse(text));
settle(looks[0]);
for (let i = 1; i < looks.length; i++) {
  const look = looks[i], last = looks[i - 1];
  const list = (changes.get(look.t) || []).filter((c) => ours(c) || (c.was && c.was.start && ours({ ...c, ...c.was })));
  const before = new Map(state);
  const was = new Set(last.regions.map(modelKey)), is = new Set(look.regions.map(modelKey));
  const differs = was.size !== is.size || [...is].some((k) => !was.has(k));
  const touched = replay(list, look);
  looked++;
  const have = [...state.values()].map(key).sort(), want = look.regions.map(modelKey).sort();
  if (have.join('\n') !== want.join('\n')) tell(look, `the state is wrong: ${have.filter((k) => !is.has(k)).slice(0, 3)} for ${want.filter((k) => !have.includes(k)).slice(0, 3)}`);
  const told = new Set(list.map((c) => c.act));
  acts += told.size;
  for (const c of list) if (before.has(c.id) && state.has(c.id) && key(before.get(c.id)) === key(state.get(c.id))) tell(look, `a change of nothing: ${c.event} of ${c.id}`);
  if (!differs && list.length) tell(look, `nothing changed, told is ${list.map((c) => c.event)}`);
  if (!every) {
    if (differs && told.size !== 1) tell(look, `one call, ${told.size} acts: ${list.map((c) => `${c.act} ${c.event} ${c.id}`).join('; ')}`);
    const call = look.call.split(' ')[0];
    for (const c of list) if (fits[call] && !fits[call].test(c.event)) tell(look, `${c.event} is nothing that it does`);
    const idOf = new Map([...state.values()].map((r) => [key(r), r.id]));
    for (const m of look.regions) if (idOf.has(modelKey(m))) ancestors(look, m, before, touched, idOf.get(modelKey(m)));
  }
  settle(look);
}
console.log(`${looked} looks, ${acts} acts, ${wrong} wrong`);
process.exit(wrong ? 1 : 0);
